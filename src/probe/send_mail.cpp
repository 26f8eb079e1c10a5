#include "send_mail.h"

#include <array>
#include <ctime>

#include "connectord/base/text.h"
#include "connectord/smtp/smtp_client.h"

namespace connectord::probe {
namespace {

using Answer = tl::expected<std::string, std::string>;

// One reply with this first digit.
Answer expect(const smtp::SmtpClient::Answered& reply, int hundreds, std::chrono::milliseconds limit) {
  constexpr int hundred = 100;
  if (!reply) return tl::unexpected(smtp::words_of(reply.error(), limit));
  if (reply->code / hundred != hundreds) return tl::unexpected(reply->to_string());
  return reply->to_string();
}

}  // namespace

std::string date_text(std::int64_t unix_time) {
  const auto time = static_cast<std::time_t>(unix_time);
  std::tm broken_down{};
  std::array<char, 60> text{};
  ::gmtime_r(&time, &broken_down);
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &broken_down)};
}

Answer send_mail(const net::Endpoint& server, const std::string& helo, const Letter& letter, const Services& services,
                 const Objection& objection) {
  const auto address = net::IpAddress::parse(server.host);
  if (!address) return tl::unexpected("validation.mail_through: \"" + server.to_string() + "\" has no address");
  for (const std::string& each : {letter.sender, letter.recipient}) {
    if (!each.empty() && !smtp::is_plain_address(each))
      return tl::unexpected("no plain address: " + base::printable(each));
  }
  const auto limit = services.limits.reply;
  const smtp::Deadline deadline = services.clock() + services.limits.whole;
  auto connection = services.network.connect(*address, server.port, std::nullopt, services.clock() + limit);
  if (!connection) return tl::unexpected(smtp::words_of(connection.error(), limit));
  smtp::SmtpClient client(std::move(*connection));
  auto done = expect(client.read_reply(deadline), 2, limit);
  if (done) {
    const auto ehlo = client.command("EHLO " + helo, deadline);
    done = expect(ehlo, 2, limit);
    const std::string words = done && objection ? objection(*ehlo) : "";
    if (!words.empty()) {
      client.command("QUIT", deadline);
      return tl::unexpected(words);
    }
  }
  for (const std::string& line : {"MAIL FROM:<" + letter.sender + ">", "RCPT TO:<" + letter.recipient + ">"}) {
    if (done) done = expect(client.command(line, deadline), 2, limit);
  }
  if (done) done = expect(client.command("DATA", deadline), 3, limit);
  if (done) done = expect(client.content(letter.content, deadline), 2, limit);
  if (done) client.command("QUIT", deadline);
  return done;
}

}  // namespace connectord::probe
