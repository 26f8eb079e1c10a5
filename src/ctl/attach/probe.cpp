#include "probe.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>

#include "connectord/mail/text.h"
#include "connectord/net/abstract_socket.h"
#include "connectord/net/ip_address.h"
#include "connectord/net/listener.h"
#include "postfix_list.h"
#include "postfix_plan.h"

namespace connectord::ctl {
namespace {

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

AddressList look_up(const std::string& host, const std::string& service) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* node = host.empty() ? nullptr : host.c_str();
  if (::getaddrinfo(node, service.c_str(), &hints, &found) != 0) found = nullptr;
  return {found, &::freeaddrinfo};
}

class SmtpClient {
 public:
  bool connect(const net::Endpoint& server) {
    constexpr std::chrono::seconds limit{30};  // postscreen(8) lets a client wait for some seconds
    const AddressList addresses = look_up(server.host, std::to_string(server.port));
    for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
      socket_ = net::FileDescriptor(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
      net::set_time_limit(socket_, limit);
      if (::connect(socket_.get(), address->ai_addr, address->ai_addrlen) == 0) return true;
    }
    return false;
  }

  bool send(const std::string& command) const {
    const std::string line = command + "\r\n";
    return ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  }

  // The last line of a reply; empty if the connection ends.
  std::string reply() {
    for (;;) {
      const auto line = this->line();
      if (!line) return {};
      constexpr std::size_t mark = 3;  // "250-more", "250 last"
      if (line->size() <= mark || (*line)[mark] != '-') return *line;
    }
  }

 private:
  std::optional<std::string> line() {
    constexpr std::size_t longest = 65'536;
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        if (line.ends_with('\r')) line.pop_back();
        return line;
      }
      std::array<char, 2048> piece{};
      const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (count <= 0 || buffer_.size() > longest) return std::nullopt;
      buffer_.append(piece.data(), static_cast<std::size_t>(count));
    }
  }

  net::FileDescriptor socket_;
  std::string buffer_;
};

int code_in(const std::string& reply) {
  constexpr std::size_t digits = 3;
  int code = 0;
  std::from_chars(reply.data(), reply.data() + std::min(reply.size(), digits), code);
  return code;
}

bool is_accepted(int code) {
  return code >= 200 && code < 400;
}

// What takes connections for smtpd: a service of its own, or postscreen in front of one of type "pass".
bool takes_connections(const PostfixService& service) {
  return service.type == "inet" && (service.program == "smtpd" || service.program == "postscreen");
}

std::string port_of(const PostfixService& service) {
  return service.name.substr(service.name.rfind(':') + 1);  // npos + 1 is 0
}

std::string host_of(const PostfixService& service, const PostfixSetup& setup) {
  const std::size_t colon = service.name.rfind(':');
  if (colon != std::string::npos) {
    std::string host = service.name.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (!host.empty()) return host;
  }
  const bool v6_only = setup.effective("inet_protocols") == "ipv6";
  const std::vector<ListWord> interfaces = list_words(setup.effective("inet_interfaces"));
  if (interfaces.empty()) return v6_only ? "::1" : "127.0.0.1";
  const auto has = [&](std::string_view name) {
    return std::any_of(interfaces.begin(), interfaces.end(), [&](const ListWord& word) { return word.text == name; });
  };
  if (has("all") || has("loopback-only") || has("localhost") || has("127.0.0.1")) return v6_only ? "::1" : "127.0.0.1";
  std::string host(interfaces.front().text);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

std::optional<std::uint16_t> port_number(const std::string& name) {
  const AddressList found = look_up("", name);
  if (!found) return std::nullopt;
  const std::uint16_t port = net::port_of(found->ai_addr);
  if (port == 0) return std::nullopt;
  return port;
}

// Submission: a client without TLS or a password does not come as far as RCPT.
bool wants_more_than_a_stranger_has(const PostfixService& service) {
  const auto is = [&](const char* parameter, const char* value) {
    const auto found = service.overrides.find(parameter);
    return found != service.overrides.end() && found->second == value;
  };
  return is("smtpd_tls_security_level", "encrypt") || is("smtpd_sasl_auth_enable", "yes");
}

bool is_wrapped_in_tls(const PostfixService& service, const PostfixSetup& setup) {
  const auto found = service.overrides.find("smtpd_tls_wrappermode");
  return (found == service.overrides.end() ? setup.effective("smtpd_tls_wrappermode") : found->second) == "yes";
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
                : (is_accepted(exchange.code) ? std::to_string(exchange.code) : mail::printable(exchange.reply, 200));
  }
  return text;
}

tl::expected<Conversation, std::string> converse(const net::Endpoint& server, const std::string& recipient) {
  SmtpClient client;
  if (!client.connect(server)) return tl::unexpected(server.to_string() + ": cannot connect");
  Conversation conversation;
  const auto listen = [&](const std::string& command) {
    const std::string reply = client.reply();
    conversation.exchanges.push_back({command, reply, code_in(reply)});
    return is_accepted(conversation.exchanges.back().code);
  };
  const auto say = [&](const std::string& name, const std::string& arguments) {
    return client.send(name + arguments) && listen(name);
  };
  // An address in the greeting is valid, and is nobody's name.
  if (listen("connect") && say("EHLO", " [127.0.0.1]") && say("MAIL", " FROM:<>")) {
    say("RCPT", " TO:<" + recipient + ">");
    say("RSET", "");
  }
  say("QUIT", "");
  return conversation;
}

std::string own_recipient(const PostfixSetup& setup) {
  for (const char* parameter : {"mydestination", "virtual_mailbox_domains", "virtual_alias_domains", "relay_domains"}) {
    for (const ListWord& word : list_words(setup.effective(parameter))) {
      if (word.text.find_first_of(":/") == std::string_view::npos) return "postmaster@" + std::string(word.text);
    }
  }
  return "postmaster@" + setup.effective("myhostname");
}

tl::expected<net::Endpoint, std::string> entrance_of(const PostfixSetup& setup, const Wanted& wanted) {
  std::optional<net::Endpoint> second_choice;
  for (const PostfixService& service : setup.services) {
    if (!takes_connections(service) || is_wrapped_in_tls(service, setup)) continue;
    if (service.program == "smtpd" && !asks_connectord(service, setup, wanted)) continue;
    const auto port = port_number(port_of(service));
    if (!port) continue;
    net::Endpoint endpoint;
    endpoint.kind = net::Endpoint::Kind::inet;
    endpoint.host = host_of(service, setup);
    endpoint.port = *port;
    if (!wants_more_than_a_stranger_has(service)) return endpoint;
    if (!second_choice) second_choice = endpoint;
  }
  if (second_choice) return *second_choice;
  return tl::unexpected("no service of " + setup.folder + "/master.cf takes mail in over plain SMTP");
}

}  // namespace connectord::ctl
