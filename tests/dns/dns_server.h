#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "connectord/dns/make_resolver.h"

namespace connectord::dns::testing {

using Message = std::vector<std::uint8_t>;

// What a test's server was asked, and the tools to answer it, rightly or wrongly.
class Query {
 public:
  Query(Message bytes, bool tcp) : bytes_(std::move(bytes)), tcp_(tcp) {
    std::size_t at = 12;
    while (at < bytes_.size() && bytes_[at] != 0) {
      if (at != 12) name_ += '.';
      name_.append(bytes_.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                   bytes_.begin() + static_cast<std::ptrdiff_t>(at) + 1 + bytes_[at]);
      at += 1U + bytes_[at];
    }
    question_end_ = at + 5;
    type_ = static_cast<std::uint16_t>(bytes_.at(at + 1) << 8U | bytes_.at(at + 2));
  }

  const std::string& name() const { return name_; }
  std::uint16_t type() const { return type_; }
  bool tcp() const { return tcp_; }
  bool edns() const { return bytes_.at(11) == 1; }

  // A response with this question and no records.
  Message reply(unsigned rcode = 0) const {
    Message message(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(question_end_));
    message[2] = 0x81;
    message[3] = static_cast<std::uint8_t>(0x80U | rcode);
    message[11] = 0;
    return message;
  }
  Message truncated() const {
    Message message = reply();
    message[2] |= 0x02;
    return message;
  }

 private:
  Message bytes_;
  bool tcp_;
  std::string name_;
  std::uint16_t type_ = 0;
  std::size_t question_end_ = 0;
};

inline Message wire_name(std::string_view name) {
  Message out;
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    out.push_back(static_cast<std::uint8_t>(dot));
    out.insert(out.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  out.push_back(0);
  return out;
}

inline Message text_data(std::string_view text) {
  Message data;
  do {
    const auto piece = text.substr(0, 255);
    data.push_back(static_cast<std::uint8_t>(piece.size()));
    data.insert(data.end(), piece.begin(), piece.end());
    text.remove_prefix(piece.size());
  } while (!text.empty());
  return data;
}

enum class Section { answer = 7, authority = 9 };

// Appends a record and counts it. Sections are to be filled in their order.
inline void add_record(Message& message, std::string_view owner, std::uint16_t type, const Message& data,
                       std::uint32_t ttl = 300, Section section = Section::answer) {
  const auto count = static_cast<std::size_t>(section);
  if (++message[count] == 0) ++message[count - 1];
  const Message name = wire_name(owner);
  message.insert(message.end(), name.begin(), name.end());
  for (const std::uint32_t field :
       {std::uint32_t{type}, 1U, ttl >> 16U, ttl & 0xffffU, static_cast<std::uint32_t>(data.size())}) {
    message.push_back(static_cast<std::uint8_t>(field >> 8U & 0xffU));
    message.push_back(static_cast<std::uint8_t>(field & 0xffU));
  }
  message.insert(message.end(), data.begin(), data.end());
}

inline void add_soa(Message& message, std::string_view zone, std::uint32_t minimum) {
  Message data = {0, 0};
  data.resize(2 + 16);
  for (const unsigned shift : {24U, 16U, 8U, 0U}) data.push_back(static_cast<std::uint8_t>(minimum >> shift & 0xffU));
  add_record(message, zone, 6, data, 900, Section::authority);
}

// A server on 127.0.0.1, over UDP and TCP, on a port of its own and in a thread of its own. The handler gives the
// messages to send back, none or several; it runs on that thread.
class DnsServer {
 public:
  using Handler = std::function<std::vector<Message>(const Query&)>;

  explicit DnsServer(Handler handler) : handler_(std::move(handler)) {
    open_sockets();
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    stop_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    thread_.join();
    for (const int socket : {udp_, tcp_, wake_}) ::close(socket);
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  Server address() const { return {*net::IpAddress::parse("127.0.0.1"), port_}; }
  int queries() const { return queries_; }
  // Where queries over UDP came from.
  std::set<std::uint16_t> source_ports() {
    const std::lock_guard lock(ports_mutex_);
    return ports_;
  }

 private:
  // The same port for both; another one if TCP's is taken.
  void open_sockets() {
    for (int attempt = 0; attempt < 20; ++attempt) {
      udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t size = sizeof address;
      auto* generic = reinterpret_cast<sockaddr*>(&address);
      if (::bind(udp_, generic, size) == 0 && ::getsockname(udp_, generic, &size) == 0 &&
          ::bind(tcp_, generic, size) == 0 && ::listen(tcp_, 64) == 0) {
        port_ = ntohs(address.sin_port);
        wake_ = ::eventfd(0, EFD_CLOEXEC);
        return;
      }
      ::close(udp_);
      ::close(tcp_);
    }
    throw std::runtime_error("no port for a DNS server");
  }
  void serve() {
    while (!stop_) {
      std::array<pollfd, 3> ready = {{{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}, {wake_, POLLIN, 0}}};
      ::poll(ready.data(), ready.size(), -1);
      if (ready[0].revents != 0) serve_udp();
      if (ready[1].revents != 0) serve_tcp();
    }
  }
  void serve_udp() {
    Message bytes(4096);
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const auto got = ::recvfrom(udp_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (got < 17) return;
    bytes.resize(static_cast<std::size_t>(got));
    ++queries_;
    {
      const std::lock_guard lock(ports_mutex_);
      ports_.insert(ntohs(peer.sin_port));
    }
    for (const auto& message : handler_(Query(bytes, false))) {
      ::sendto(udp_, message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }
  void serve_tcp() {
    const int connection = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    std::array<std::uint8_t, 2> length{};
    if (::recv(connection, length.data(), length.size(), MSG_WAITALL) == 2) {
      Message bytes(static_cast<std::size_t>(length[0] << 8U | length[1]));
      if (::recv(connection, bytes.data(), bytes.size(), MSG_WAITALL) == static_cast<ssize_t>(bytes.size())) {
        ++queries_;
        for (const auto& message : handler_(Query(bytes, true))) send_over_tcp(connection, message);
      }
    }
    ::close(connection);
  }
  static void send_over_tcp(int connection, const Message& message) {
    Message framed = {static_cast<std::uint8_t>(message.size() >> 8U),
                      static_cast<std::uint8_t>(message.size() & 0xffU)};
    framed.insert(framed.end(), message.begin(), message.end());
    ::send(connection, framed.data(), framed.size(), MSG_NOSIGNAL);
  }

  Handler handler_;
  int udp_ = -1;
  int tcp_ = -1;
  int wake_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> queries_ = 0;
  std::mutex ports_mutex_;
  std::set<std::uint16_t> ports_;
  std::thread thread_;
};

}  // namespace connectord::dns::testing
