#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectord/dns/resolver.h"

namespace connectord::probe {

// Asks all at once and waits for the answers, which come in the order of the questions.
std::vector<std::shared_ptr<const dns::Answer>> ask_all(dns::Resolver& resolver,
                                                        const std::vector<dns::Question>& questions);
std::shared_ptr<const dns::Answer> ask(dns::Resolver& resolver, const dns::Question& question);

// Both families of a name.
struct Addresses {
  std::vector<net::IpAddress> found;        // IPv6 first, as most mail servers try them
  dns::Status status = dns::Status::found;  // why there are none
  std::chrono::seconds ttl{0};
  bool authenticated = false;  // all that was found (RFC 4035)
};
Addresses addresses_of(dns::Resolver& resolver, const std::string& name);

}  // namespace connectord::probe
