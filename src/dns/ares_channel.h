#pragma once

#include <ares.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "ares_calls.h"
#include "connectord/base/file_descriptor.h"
#include "connectord/dns/make_resolver.h"
#include "raw_exchange.h"
#include "transport.h"
#include "wire.h"

namespace connectord::dns {

// A means of transport: sends queries, repeats them, changes servers, goes over to TCP, and compares ids, questions and
// addresses of what comes back. c-ares does that, and for names that it does not take, an exchange of our own. Belongs
// to one thread.
class AresChannel {
 public:
  static tl::expected<std::unique_ptr<AresChannel>, std::string> open(const ResolverSettings& settings);
  ~AresChannel();
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  // Calls back exactly once, from within send, process or the destructor. The query asks for that name.
  void send(const WireName& name, std::vector<std::uint8_t> query, Done done);
  // Is readable as soon as process() has something to do.
  int descriptor() const { return sockets_.get(); }
  // How long to wait at the most; std::nullopt: without end.
  std::optional<std::chrono::milliseconds> wait_limit() const;
  // Reads and writes what is ready, and repeats or ends queries whose time is over. Never waits.
  void process();

  // A query outlives its lookup where the library still repeats it, so these have a limit of their own.
  bool is_full(const WireName& name) const;
  // True if every server is on this machine.
  bool is_local() const;

 private:
  struct Query final : ares::Receiver {
    Query(AresChannel& on_channel, Done when_done) : channel(on_channel), done(std::move(when_done)) {}
    void receive(int status, std::span<const std::uint8_t> message) override;

    AresChannel& channel;
    Done done;
    std::list<Query>::iterator self;
  };

  AresChannel(const ResolverSettings& settings, std::vector<Server> servers);
  tl::expected<void, std::string> open_library(const ResolverSettings& settings);
  static void on_socket_state(void* channel, ares_socket_t socket, int readable, int writable);

  const std::vector<Server> servers_;
  const std::size_t max_outstanding_;
  const std::size_t max_by_own_exchange_;
  const base::FileDescriptor sockets_;  // an epoll(7) of all, since there may be thousands
  ares_channel channel_ = nullptr;
  std::list<Query> queries_;
  RawExchange own_exchange_;
};

}  // namespace connectord::dns
