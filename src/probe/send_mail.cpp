#include "send_mail.h"

#include "smtp_client.h"

namespace connectord::probe {
namespace {

using Expected = tl::expected<void, std::string>;

// One reply with this first digit.
Expected expect(const SmtpClient::Answered& reply, int hundreds, std::chrono::milliseconds limit) {
  constexpr int hundred = 100;
  if (!reply) return tl::unexpected(words_of(reply.error(), limit));
  if (reply->code / hundred != hundreds) return tl::unexpected(reply->to_string());
  return {};
}

}  // namespace

Expected send_mail(const net::Endpoint& server, const std::string& helo, const std::string& recipient,
                   const std::string& message, const Services& services) {
  const auto address = net::IpAddress::parse(server.host);
  if (!address) return tl::unexpected("validation.mail_through: \"" + server.to_string() + "\" has no address");
  if (!is_plain_address(recipient)) return tl::unexpected(std::string("validation.mail_to is no plain address"));
  const auto limit = services.limits.reply;
  const Deadline deadline = services.clock() + services.limits.whole;
  auto connection = services.network.connect(*address, server.port, std::nullopt, services.clock() + limit);
  if (!connection) return tl::unexpected(words_of(connection.error(), limit));
  SmtpClient client(std::move(*connection));
  auto done = expect(client.read_reply(deadline), 2, limit);
  for (const std::string& line : {"EHLO " + helo, std::string("MAIL FROM:<>"), "RCPT TO:<" + recipient + ">"}) {
    if (done) done = expect(client.command(line, deadline), 2, limit);
  }
  if (done) done = expect(client.command("DATA", deadline), 3, limit);
  if (done) done = expect(client.content(message, deadline), 2, limit);
  if (done) client.command("QUIT", deadline);
  return done;
}

}  // namespace connectord::probe
