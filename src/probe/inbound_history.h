#pragma once

#include <chrono>

#include "connectord/engine/policy.h"
#include "step_log.h"

namespace connectord::probe {

// Reports from the message trace what became of mail that an inbound connector took, and what mail of its senders,
// networks and certificates it did not take, with an example of each. Nothing of that is in the way of mail now.
void report_history(const engine::Policy& policy, const model::InboundConnector& connector, std::chrono::hours reach,
                    StepLog& steps);

}  // namespace connectord::probe
