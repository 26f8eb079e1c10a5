#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/engine/routing.h"
#include "connectord/model/facts.h"

// Why a message is not of another connector. For people who ask, since all connectors are looked at, disabled ones too;
// decide() does not use it, and is what it must agree with. Pure and thread-safe.
namespace connectord::engine {

// A connector that a fact of the message speaks for, and that has lost.
struct Candidate {
  std::string connector;
  std::string why;  // "its sender domain *.contoso.com is less specific than contoso.com of \"partner\""
};

// At most `most`, in the order of the configuration. Of submissions, none.
std::vector<Candidate> losing_inbound(const Policy& policy, const model::Facts& facts, std::size_t most);

// For one recipient of mail of that origin.
std::vector<Candidate> losing_outbound(const Policy& policy, const Origin& origin, const Recipient& recipient,
                                       std::size_t most);

}  // namespace connectord::engine
