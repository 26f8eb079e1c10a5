#pragma once

#include <ares.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/make_resolver.h"

namespace connectord::dns {

// c-ares as a means of transport: sends queries, repeats them, changes servers, goes over to TCP, and compares ids,
// questions and addresses of what comes back. Belongs to one thread.
class AresChannel {
 public:
  enum class End : std::uint8_t { answered, timeout, failed };
  // Called exactly once for each query, from within send, process or the destructor; the message is there where the
  // query was answered.
  using Done = std::function<void(End, std::span<const std::uint8_t>)>;

  static tl::expected<std::unique_ptr<AresChannel>, std::string> open(const std::vector<Server>& servers,
                                                                      std::chrono::milliseconds timeout);
  ~AresChannel();
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  void send(const std::vector<std::uint8_t>& query, Done done);
  // What to wait for, appended.
  void add_descriptors(std::vector<pollfd>& descriptors) const;
  // How long to wait at the most; std::nullopt: without end.
  std::optional<std::chrono::milliseconds> wait_limit() const;
  // Reads and writes what poll() found ready, and repeats or ends queries whose time is over.
  void process(const std::vector<pollfd>& ready);

  std::size_t outstanding() const { return queries_.size(); }
  // True if every server is on this machine.
  bool is_local() const { return local_; }

 private:
  struct Query {
    AresChannel* channel;
    Done done;
    std::list<Query>::iterator self;
  };

  AresChannel() = default;
  static void on_answer(void* query, int status, int timeouts, unsigned char* message, int size);
  static void on_socket_state(void* channel, ares_socket_t socket, int readable, int writable);

  ares_channel channel_ = nullptr;
  bool local_ = false;
  std::map<ares_socket_t, short> sockets_;  // with the events of poll()
  std::list<Query> queries_;
};

}  // namespace connectord::dns
