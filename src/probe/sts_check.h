#pragma once

#include <optional>
#include <string>

#include "outbound_plan.h"

namespace connectord::probe {

// The MTA-STS policy of a domain (RFC 8461, 3), if it has one. A policy that cannot be had although there is a record
// leaves a warning: senders go on without it then (section 5). Reads the system's authorities into the plan.
std::optional<sts::StsPolicy> ask_for_sts_policy(const std::string& domain, const engine::Policy& policy,
                                                 OutboundPlan& plan, StepLog& steps);

}  // namespace connectord::probe
