#pragma once

#include <string>
#include <vector>

#include "outbound_plan.h"

namespace connectord::probe {

// Sends a test message to the recipient by our own mail server, and follows it in the message trace until it has
// arrived, has failed, or the timeout is over. Nothing is sent where the steps before have found what a message would
// fail at too. Returns how it arrived, in words; empty if it did not.
std::string send_test_message(const engine::Policy& policy, const OutboundPlan& plan,
                              const std::vector<Target>& targets, StepLog& steps);

}  // namespace connectord::probe
