#pragma once

#include <cstddef>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// Where a message comes from, for the question whether it is ours to sign.
struct SigningSource {
  bool submitted = false;
  const model::InboundConnector* connector = nullptr;
  model::IdentifiedBy identified_by = model::IdentifiedBy::nothing;
  bool fulfils_connector = true;
};

// Which entries of the configuration's signing sign the message; none before its end. Leaves a finding for each, or one
// that says why there is none; no finding for mail that no entry is for and that is not ours.
std::vector<std::size_t> choose_signatures(const Policy& policy, const SigningSource& source, const model::Facts& facts,
                                           std::vector<model::Finding>& findings);

}  // namespace connectord::engine
