#pragma once

#include "connectord/engine/clock.h"
#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// Asks the rules in their order about a message at its end, and puts into the decision what they say: the answer, the
// changes, each rule that matched, and findings. Only for a message that goes on so far.
void run_rules(const Policy& policy, const model::Facts& facts, model::Decision& decision, NanosecondClock clock);

}  // namespace connectord::engine
