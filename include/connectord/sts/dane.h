#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "connectord/dns/resolver.h"
#include "connectord/model/outbound.h"
#include "connectord/model/words.h"

namespace connectord::sts {

// Whether DANE (RFC 7672) protects the way to a next hop.
struct DaneFinding {
  enum class State : std::uint8_t {
    absent,   // DNS vouches for no usable TLSA record of any of its hosts
    present,  // of one of them, at least
    unknown   // DNS does not tell now, and what it would say might be what counts
  };

  State state = State::absent;
  std::string words;            // what was seen
  std::chrono::seconds ttl{0};  // for how long that holds
};

consteval auto words_of(DaneFinding::State) {
  return std::to_array<model::Named<DaneFinding::State>>({{DaneFinding::State::absent, "absent"},
                                                          {DaneFinding::State::present, "present"},
                                                          {DaneFinding::State::unknown, "unknown"}});
}

// Looks at the host, or at those that its MX records name, the most preferred ones first and at most twenty. TLSA
// records are asked for only where DNS vouches for all that leads to them (2.1.2, 2.2), so that a server which cannot
// answer for them does no harm to a domain that is not signed. Blocks until DNS has answered.
DaneFinding find_dane(dns::Resolver& resolver, const model::SmartHost& next_hop);

}  // namespace connectord::sts
