#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectord/smtp/network.h"

namespace connectord::probe::testing {

// What a host does, in words. All that the client says is noted, and "TLS" where it begins.
struct ScriptedHost {
  std::optional<smtp::Failure> refuses_connection{};
  std::optional<smtp::Failure> greeting_fails{};
  std::string greeting = "220 mx.contoso.com ESMTP\r\n";
  // By the beginning of the command; the first that fits. Those that are not here are answered "250 ok", and EHLO as
  // a server does that has STARTTLS.
  std::vector<std::pair<std::string, std::string>> replies{};
  std::optional<smtp::TlsSession> tls{};
  std::optional<smtp::Failure> handshake_fails{};
  std::string only_answer{};  // of a server that speaks no SMTP: comes after the first line
  std::chrono::milliseconds greeting_takes{0};
};

// A network with no wire. Its clock stands still, but for what hosts take.
class ScriptedNetwork : public smtp::Network {
 public:
  // "192.0.2.1:25"
  ScriptedHost& host(const std::string& at) { return hosts_[at]; }

  tl::expected<std::unique_ptr<smtp::Connection>, smtp::Failure> connect(const net::IpAddress& address,
                                                                         std::uint16_t port,
                                                                         const std::optional<net::IpAddress>&,
                                                                         smtp::Deadline) override {
    const std::string at = address.to_string() + ":" + std::to_string(port);
    connections.push_back(at);
    if (has_no_memory) throw std::bad_alloc();
    const auto found = hosts_.find(at);
    if (found == hosts_.end())
      return tl::unexpected(smtp::Failure{smtp::Failure::Kind::refused, "the connection is refused"});
    if (found->second.refuses_connection) return tl::unexpected(*found->second.refuses_connection);
    return std::make_unique<Wire>(*this, found->second);
  }

  bool was_said(const std::string& beginning) const {
    return std::any_of(said.begin(), said.end(), [&](const std::string& line) { return line.starts_with(beginning); });
  }

  std::vector<std::string> connections;
  bool has_no_memory = false;  // for a connection
  std::vector<std::string> said;
  std::vector<std::string> written;  // the same, whole
  std::vector<smtp::TlsWish> wishes;
  smtp::Deadline now{};

 private:
  class Wire : public smtp::Connection {
   public:
    Wire(ScriptedNetwork& network, const ScriptedHost& host)
        : network_(network), host_(host), unread_(host.only_answer.empty() ? host.greeting : "") {
      network_.now += host_.greeting_takes;
    }

    tl::expected<std::size_t, smtp::Failure> read(std::span<char> buffer, smtp::Deadline deadline) override {
      if (!greeted_ && host_.greeting_fails) return fail(*host_.greeting_fails, deadline);
      greeted_ = true;
      if (unread_.empty()) return fail({smtp::Failure::Kind::closed, "the server closed the connection"}, deadline);
      const std::size_t size = std::min(buffer.size(), unread_.size());
      std::copy_n(unread_.begin(), size, buffer.begin());
      unread_.erase(0, size);
      return size;
    }

    tl::expected<void, smtp::Failure> write(std::string_view bytes, smtp::Deadline) override {
      network_.said.emplace_back(bytes.substr(0, bytes.find('\r')));
      network_.written.emplace_back(bytes);
      unread_ += host_.only_answer.empty() ? reply_to(bytes) : host_.only_answer;
      return {};
    }

    tl::expected<smtp::TlsSession, smtp::Failure> start_tls(const smtp::TlsWish& wish,
                                                            smtp::Deadline deadline) override {
      network_.said.emplace_back("TLS");
      network_.wishes.push_back(wish);
      encrypted_ = true;
      if (host_.handshake_fails || !host_.tls) {
        return tl::unexpected(
            fail(host_.handshake_fails.value_or(smtp::Failure{smtp::Failure::Kind::tls, "handshake failure"}), deadline)
                .error());
      }
      return *host_.tls;
    }

   private:
    tl::expected<std::size_t, smtp::Failure> fail(const smtp::Failure& failure, smtp::Deadline deadline) {
      if (failure.kind == smtp::Failure::Kind::timed_out) network_.now = deadline;
      return tl::unexpected(failure);
    }

    std::string reply_to(std::string_view command) const {
      for (const auto& [beginning, reply] : host_.replies) {
        if (command.starts_with(beginning)) return reply + "\r\n";
      }
      if (command.starts_with("EHLO"))
        return encrypted_ ? "250-mx\r\n250 AUTH PLAIN\r\n" : "250-mx\r\n250 STARTTLS\r\n";
      if (command.starts_with("STARTTLS")) return "220 go ahead\r\n";
      if (command.starts_with("AUTH")) return "235 ok\r\n";
      return "250 ok\r\n";
    }

    ScriptedNetwork& network_;
    const ScriptedHost& host_;
    std::string unread_;
    bool greeted_ = false;
    bool encrypted_ = false;
  };

  std::map<std::string, ScriptedHost> hosts_;
};

}  // namespace connectord::probe::testing
