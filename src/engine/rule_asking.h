#pragma once

#include <cstdint>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "rule_message.h"

// What asking rules about a message and about one recipient of it have in common.
namespace connectord::engine {

// Submitted, or handed over by a machine of ours that is no gateway.
bool is_mail_of_ours(const Policy& policy, const model::Facts& facts, const model::Decision& decision);

// By its activate_at and expire_at.
bool holds_now(const model::Rule& rule, std::int64_t now);

// Those that may match, in their order.
std::vector<RuleNumber> candidates_for(const RuleMessage& message);

// Of a rejection or a deferral.
model::Reply reply_of(const model::RuleAction& action);

}  // namespace connectord::engine
