#pragma once

#include <string>

#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/model/rule.h"

namespace connectord::engine {

// Of a rule that matched.
model::Finding finding_of(const model::Rule& rule, const model::RuleHit& hit);

// Of one that could not be asked, and why.
model::Finding finding_of_failure(const model::Rule& rule, const std::string& why);

// What is not known of a message at its end.
std::string why_unknown(const model::Facts& facts);

}  // namespace connectord::engine
