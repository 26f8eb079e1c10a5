#pragma once

#include "outbound_plan.h"

namespace connectord::probe {

// One host of an outbound connector: connects to each of its addresses, and says what the mail server would say, up
// to RCPT and without DATA.
void check_host(const OutboundPlan& plan, const Target& target, StepLog& steps);

}  // namespace connectord::probe
