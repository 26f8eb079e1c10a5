#include "conversation.h"

#include <chrono>

#include "connectord/base/text.h"
#include "connectord/net/ip_address.h"
#include "connectord/smtp/smtp_client.h"
#include "name_service.h"

namespace connectord::mta {
namespace {

constexpr std::chrono::seconds conversation_limit{30};  // postscreen(8) lets a client wait for some seconds

smtp::Deadline next_deadline() {
  return std::chrono::steady_clock::now() + conversation_limit;
}

std::unique_ptr<smtp::Connection> connect_to(const net::Endpoint& server, smtp::Network& network) {
  const AddressList addresses = look_up(server.host, std::to_string(server.port));
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    const auto address = net::IpAddress::from_sockaddr(each->ai_addr);
    if (!address) continue;
    if (auto connection = network.connect(*address, server.port, std::nullopt, next_deadline())) {
      return std::move(*connection);
    }
  }
  return nullptr;
}

bool is_accepted(int code) {
  return code >= 200 && code < 400;
}

Conversation::Exchange exchange_of(const std::string& command, const smtp::SmtpClient::Answered& answered) {
  if (!answered) return {.command = command, .reply = {}};
  const std::string last = answered->lines.empty() ? "" : answered->lines.back();
  return {.command = command,
          .reply = std::to_string(answered->code) + (last.empty() ? "" : " ") + last,
          .code = answered->code};
}

}  // namespace

int Conversation::code_of(std::string_view command) const {
  for (const Exchange& exchange : exchanges) {
    if (exchange.command == command) return exchange.code;
  }
  return 0;
}

std::string Conversation::to_string() const {
  std::string text;
  for (const Exchange& exchange : exchanges) {
    text += (text.empty() ? "" : ", ") + exchange.command + " ";
    // Of what is well the code says enough.
    text += exchange.code == 0
                ? "no answer"
                : (is_accepted(exchange.code) ? std::to_string(exchange.code) : base::printable(exchange.reply, 200));
  }
  return text;
}

tl::expected<Conversation, std::string> converse(const net::Endpoint& server, const std::string& recipient) {
  const auto network = smtp::make_network();
  auto connection = connect_to(server, *network);
  if (!connection) return tl::unexpected(server.to_string() + ": cannot connect");
  smtp::SmtpClient client(std::move(connection));
  Conversation conversation;
  const auto take = [&](const std::string& command, const smtp::SmtpClient::Answered& answered) {
    conversation.exchanges.push_back(exchange_of(command, answered));
    return is_accepted(conversation.exchanges.back().code);
  };
  const auto say = [&](const std::string& name, const std::string& arguments) {
    return take(name, client.command(name + arguments, next_deadline()));
  };
  // An address in the greeting is valid, and is nobody's name.
  if (take("connect", client.read_reply(next_deadline())) && say("EHLO", " [127.0.0.1]") && say("MAIL", " FROM:<>")) {
    say("RCPT", " TO:<" + recipient + ">");
    say("RSET", "");
  }
  say("QUIT", "");
  return conversation;
}

}  // namespace connectord::mta
