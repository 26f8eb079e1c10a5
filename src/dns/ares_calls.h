#pragma once

#include <ares.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/make_resolver.h"
#include "transport.h"

// What c-ares 1.18 (Debian 12) and 1.34 (Debian 13) do by different calls, or in different ways. No other file asks for
// the version.
namespace connectord::dns::ares {

// Who gets the answer to a query.
class Receiver {
 public:
  // A status of c-ares. The message is empty where there is none, and does not outlive the call.
  virtual void receive(int status, std::span<const std::uint8_t> message) = 0;

 protected:
  Receiver() = default;
  Receiver(const Receiver&) = default;
  ~Receiver() = default;
};

// Calls the receiver exactly once, from within this call, ares_process_fd() or ares_destroy(). The library may put an
// id of its own into the query.
void send(ares_channel channel, std::span<const std::uint8_t> query, Receiver& receiver);

// The servers that /etc/resolv.conf names, as the library reads it.
tl::expected<std::vector<Server>, std::string> system_servers();

// A schedule that is over when a lookup's time is.
Schedule schedule(std::size_t servers, std::chrono::milliseconds timeout);

// Sets what only newer versions have, and returns the options that were set (ARES_OPT_*): no cache beside ours, no wait
// longer than a third of the limit of a lookup, and a new port after `queries_of_a_port` queries.
int set_newer_options(ares_options& options, std::chrono::milliseconds timeout, int queries_of_a_port);

}  // namespace connectord::dns::ares
