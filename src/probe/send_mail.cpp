#include "send_mail.h"

namespace connectord::probe {

tl::expected<std::string, std::string> send_mail(const net::Endpoint& server, const std::string& helo,
                                                 const OutgoingMail& message, const Services& services,
                                                 const outbox::Objection& objection) {
  const outbox::Mail mail{
      .sender = message.sender, .recipients = {message.recipient}, .content = message.content, .message_id = {}};
  const auto deadline = std::chrono::steady_clock::now() + services.limits.whole;
  auto handed = outbox::hand_over(mail, server, helo, services.network, deadline, objection);
  if (!handed.is_accepted()) return tl::unexpected(std::move(handed.words));
  return std::move(handed.words);
}

}  // namespace connectord::probe
