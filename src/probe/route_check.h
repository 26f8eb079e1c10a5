#pragma once

#include <string>

#include "connectord/engine/policy.h"
#include "step_log.h"

namespace connectord::probe {

// The normalized domain of an address; empty where it has none.
std::string domain_of(const std::string& address);

// Why mail for that recipient does not leave by this connector, but by the other one, or, with nullptr, by none.
std::string why_not_taken(const model::OutboundConnector& connector, const std::string& address,
                          const model::OutboundConnector* other);

// Notes whether the recipient's mail leaves by this connector, and by which one otherwise.
void check_route(const engine::Policy& policy, const model::OutboundConnector& connector, const std::string& address,
                 StepLog& steps);

}  // namespace connectord::probe
