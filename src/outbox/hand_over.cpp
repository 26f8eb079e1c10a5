#include "connectord/outbox/hand_over.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/smtp/smtp_client.h"

namespace connectord::outbox {
namespace {

using Result = HandedOver::Result;

// For words: "no answer within 30 s".
std::chrono::milliseconds left_until(smtp::Deadline deadline) {
  const auto left = std::chrono::round<std::chrono::seconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::seconds(0));
}

class Dialogue {
 public:
  Dialogue(smtp::SmtpClient client, smtp::Deadline deadline)
      : client_(std::move(client)), deadline_(deadline), limit_(left_until(deadline)) {}

  HandedOver run(const Mail& mail, const std::string& helo, const Objection& objection) {
    const bool is_given = takes(client_.read_reply(deadline_), 2) && greets(helo, objection) && names(mail) &&
                          takes(client_.command("DATA", deadline_), 3) &&
                          takes(client_.content(mail.content, deadline_), 2);
    if (is_given) handed_.result = Result::accepted;
    if (is_connected_) client_.command("QUIT", deadline_);
    return std::move(handed_);
  }

 private:
  // Whether it is a reply with this first digit; keeps what it says.
  bool takes(const smtp::SmtpClient::Answered& reply, int hundreds) {
    constexpr int hundred = 100;
    constexpr int permanent = 5;
    if (!reply) {
      is_connected_ = false;
      handed_ = {.result = Result::temporary, .words = smtp::words_of(reply.error(), limit_)};
      return false;
    }
    handed_.words = reply->to_string();
    handed_.result = reply->code / hundred == permanent ? Result::permanent : Result::temporary;
    return reply->code / hundred == hundreds;
  }

  bool greets(const std::string& helo, const Objection& objection) {
    const auto ehlo = client_.command("EHLO " + helo, deadline_);
    if (!takes(ehlo, 2)) return false;
    takes_8bit_ = smtp::extensions_of(*ehlo).eight_bit_mime;
    const std::string words = objection ? objection(*ehlo) : "";
    if (!words.empty()) handed_ = {.result = Result::permanent, .words = words};
    return words.empty();
  }

  bool names(const Mail& mail) {
    const std::string sender =
        "MAIL FROM:<" + mail.sender + ">" + (mail.is_8bit && takes_8bit_ ? " BODY=8BITMIME" : "");
    return takes(client_.command(sender, deadline_), 2) &&
           std::all_of(mail.recipients.begin(), mail.recipients.end(), [&](const std::string& recipient) {
             return takes(client_.command("RCPT TO:<" + recipient + ">", deadline_), 2);
           });
  }

  smtp::SmtpClient client_;
  smtp::Deadline deadline_;
  std::chrono::milliseconds limit_;  // until the deadline, for messages
  bool takes_8bit_ = false;
  bool is_connected_ = true;
  HandedOver handed_;
};

HandedOver refused(const std::string& words) {
  return {.result = Result::permanent, .words = words};
}

}  // namespace

HandedOver hand_over(const Mail& mail, const net::Endpoint& server, const std::string& helo, smtp::Network& network,
                     smtp::Deadline deadline, const Objection& objection) {
  const auto address = net::IpAddress::parse(server.host);
  if (!address) return refused("server.mail_through: \"" + server.to_string() + "\" has no address");
  if (mail.recipients.empty()) return refused("no recipients");
  if (!mail.sender.empty() && !smtp::is_plain_address(mail.sender)) {
    return refused("no plain address: " + base::printable(mail.sender));
  }
  for (const std::string& recipient : mail.recipients) {
    if (!smtp::is_plain_address(recipient)) return refused("no plain address: " + base::printable(recipient));
  }
  const auto limit = left_until(deadline);
  auto connection = network.connect(*address, server.port, std::nullopt, deadline);
  if (!connection) return {.result = Result::temporary, .words = smtp::words_of(connection.error(), limit)};
  return Dialogue(smtp::SmtpClient(std::move(*connection)), deadline).run(mail, helo, objection);
}

}  // namespace connectord::outbox
