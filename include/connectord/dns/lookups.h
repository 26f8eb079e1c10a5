#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectord/dns/resolver.h"

namespace connectord::dns {

// Asks all at once and waits for the answers, which come in the order of the questions.
std::vector<std::shared_ptr<const Answer>> ask_all(Resolver& resolver, const std::vector<Question>& questions);
std::shared_ptr<const Answer> ask(Resolver& resolver, const Question& question);

// Both families of a name.
struct Addresses {
  std::vector<net::IpAddress> found;  // IPv6 first, as most mail servers try them
  Status status = Status::found;      // why there are none
  std::chrono::seconds ttl{0};
  bool authenticated = false;  // all that was found (RFC 4035)
};
Addresses addresses_of(Resolver& resolver, const std::string& name);

}  // namespace connectord::dns
