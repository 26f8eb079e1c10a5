#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "connectord/base/file_descriptor.h"
#include "connectord/dns/make_resolver.h"
#include "transport.h"
#include "wire.h"

namespace connectord::dns {

// True for names with characters that newer versions of c-ares do not write into messages, because no host has them.
// The macros of SPF make such names of what senders have in their addresses (RFC 7208, section 7).
bool needs_own_exchange(const WireName& name);

// Carries queries to servers and back: asks from a new port for each try, repeats over all servers, goes over to TCP
// where an answer is truncated, and ignores what answers another question. It is for the few names that c-ares does not
// take. Belongs to one thread.
class RawExchange {
 public:
  // No query takes longer than `timeout`.
  RawExchange(std::vector<Server> servers, std::chrono::milliseconds timeout);
  ~RawExchange();
  RawExchange(const RawExchange&) = delete;
  RawExchange& operator=(const RawExchange&) = delete;

  // Calls back exactly once, from within send, process or the destructor. The query has one question, and an id that
  // nobody can predict.
  void send(std::vector<std::uint8_t> query, Done done);
  // Is readable as soon as a socket is ready.
  int descriptor() const { return sockets_.get(); }
  // How long to wait at the most; std::nullopt: without end.
  std::optional<std::chrono::milliseconds> wait_limit() const;
  // Reads and writes what is ready, and repeats or ends queries whose time is over. Never waits.
  void process();
  // The queries under way; each has one descriptor.
  std::size_t size() const { return queries_.size(); }

 private:
  using Clock = std::chrono::steady_clock;
  using Bytes = std::span<const std::uint8_t>;
  // Names a query for as long as the process lives, so that an event for one that has ended meets no other.
  using Serial = std::uint64_t;

  struct Query {
    std::vector<std::uint8_t> message;
    Done done;
    Clock::time_point end;
    Clock::time_point wait_until;  // of the try
    std::size_t tries = 0;         // begun
    bool timed_out = false;        // the last try
    bool over_tcp = false;
    base::FileDescriptor socket;
    // Over TCP, with the length before each message (RFC 1035, 4.2.2):
    std::vector<std::uint8_t> to_write;
    std::vector<std::uint8_t> received;
  };

  void try_next(Serial serial, Query& query);
  bool begin_try(Serial serial, Query& query);
  bool connect(Serial serial, Query& query, int type);
  void on_ready(Serial serial);
  void read_datagram(Serial serial, Query& query);
  void go_over_to_tcp(Serial serial, Query& query);
  void on_stream(Serial serial, Query& query);
  bool write_stream(Serial serial, Query& query);
  bool read_stream(Query& query);
  void take(Serial serial, Query& query, Bytes message);
  void wait(Serial serial, Query& query, std::chrono::milliseconds limit);
  void finish(Serial serial, Query& query, End end, Bytes message);
  std::chrono::milliseconds wait_of(const Query& query) const;
  const Server& server_of(const Query& query) const;

  const std::vector<Server> servers_;
  const std::chrono::milliseconds timeout_;
  const Schedule schedule_;
  const base::FileDescriptor sockets_;  // an epoll(7)
  std::vector<std::uint8_t> buffer_;
  Serial last_ = 0;
  std::map<Serial, Query> queries_;
  std::set<std::pair<Clock::time_point, Serial>> waits_;  // one for each query
};

}  // namespace connectord::dns
