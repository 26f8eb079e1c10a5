#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/cache.h"
#include "connectord/dns/resolver.h"
#include "connectord/net/ip_address.h"

namespace connectord::dns {

struct Server {
  net::IpAddress address;
  std::uint16_t port = 53;
};

struct ResolverSettings {
  std::vector<Server> servers;              // recursive; asked in this order. Empty: those of /etc/resolv.conf
  std::chrono::milliseconds timeout{5000};  // the limit of one lookup, all tries, servers and aliases included
  CacheLimits cache;
  std::size_t max_outstanding = 8192;  // lookups under way; those beyond end at once as Status::error
  std::size_t max_of_share = 1024;     // of these, begun by one share, so that nobody takes them all
  // The time for the cache; the limits of lookups keep to the real clock.
  std::function<Cache::Time()> clock = [] { return std::chrono::steady_clock::now(); };
};

// A resolver with one cache and one thread of its own, however many lookups are under way; the same question asked
// twice goes out once. Asks over UDP, over TCP where an answer is truncated; follows chains of CNAMEs up to a bound. An
// answer to another question is refused. Answer::authenticated is passed on only where all servers are on this machine,
// as nothing protects the bit on its way from others (RFC 4035, 4.9.3). Its destruction answers what is under way with
// Status::error and waits for callbacks that run; it must not happen in one of them. On failure says what was wrong
// with the settings or the system.
tl::expected<std::unique_ptr<Resolver>, std::string> make_resolver(const ResolverSettings& settings);

}  // namespace connectord::dns
