#pragma once

#include <optional>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/connector.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// What became of one connector's requirements.
struct Verdict {
  model::Outcome outcome = model::Outcome::pass;  // pass, fail or temperror
  model::Reply reply;                             // of the first that failed; unless all passed
};

// Checks all that `connector` requires and that can be checked at this stage; each check leaves a finding.
Verdict check_requirements(const Policy& policy, const model::InboundConnector& connector, const model::Facts& facts,
                           std::vector<model::Finding>& findings);

}  // namespace connectord::engine
