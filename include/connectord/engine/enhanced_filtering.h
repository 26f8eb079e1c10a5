#pragma once

#include <string_view>

#include "connectord/engine/policy.h"
#include "connectord/mail/skip_listing.h"
#include "connectord/model/connector.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// Which skip listing holds for a message.
struct FilteringChoice {
  const model::EnhancedFiltering* filtering = nullptr;  // part of the policy; nullptr: none
  const mail::SkipRules* rules = nullptr;               // its networks, indexed; part of the policy too
  std::string_view why_not;  // where the connector has one and it does not hold: the reason, a literal of the program
};

// It is the attributed connector's, if all recipients are in its pilot group, and if the message's source is one that
// nobody else can pass for: anybody can write a sender's domain, and would choose its own address and be spared by spam
// filters. The source is known by what the connector was identified by, by what it requires and was fulfilled, or by
// skip_networks. `decision` is one on the whole envelope. Pure and thread-safe.
FilteringChoice filtering_of(const Policy& policy, const model::Decision& decision, const model::Facts& facts);

}  // namespace connectord::engine
