#pragma once

#include <ares.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "ares_calls.h"
#include "connectord/dns/make_resolver.h"
#include "connectord/net/listener.h"

namespace connectord::dns {

// c-ares as a means of transport: sends queries, repeats them, changes servers, goes over to TCP, and compares ids,
// questions and addresses of what comes back. Belongs to one thread.
class AresChannel {
 public:
  enum class End : std::uint8_t { answered, timeout, failed };
  // Called exactly once for each query, from within send, process or the destructor; the message is there where the
  // query was answered.
  using Done = std::function<void(End, std::span<const std::uint8_t>)>;

  static tl::expected<std::unique_ptr<AresChannel>, std::string> open(const ResolverSettings& settings);
  ~AresChannel();
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  void send(const std::vector<std::uint8_t>& query, Done done);
  // Is readable as soon as process() has something to do.
  int descriptor() const { return sockets_.get(); }
  // How long to wait at the most; std::nullopt: without end.
  std::optional<std::chrono::milliseconds> wait_limit() const;
  // Reads and writes what is ready, and repeats or ends queries whose time is over. Never waits.
  void process();

  // A query outlives its lookup where the library still repeats it, so these have a limit of their own.
  bool is_full() const { return queries_.size() >= most_outstanding_; }
  // True if every server is on this machine.
  bool is_local() const { return local_; }

 private:
  struct Query final : ares::Receiver {
    Query(AresChannel& on_channel, Done when_done) : channel(on_channel), done(std::move(when_done)) {}
    void receive(int status, std::span<const std::uint8_t> message) override;

    AresChannel& channel;
    Done done;
    std::list<Query>::iterator self;
  };

  explicit AresChannel(std::size_t most_outstanding);
  static void on_socket_state(void* channel, ares_socket_t socket, int readable, int writable);

  const std::size_t most_outstanding_;
  const net::FileDescriptor sockets_;  // an epoll(7) of all, since there may be thousands
  ares_channel channel_ = nullptr;
  bool local_ = false;
  std::list<Query> queries_;
};

}  // namespace connectord::dns
