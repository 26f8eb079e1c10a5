#pragma once

#include <optional>

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// For a message that is taken although SPF or DMARC says that it is not its sender's: why it is not refused, and which
// setting would refuse it. `connector` is the attributed one, nullptr for none. std::nullopt where there is nothing to
// explain.
std::optional<model::Finding> explain_admission(const Policy& policy, const model::InboundConnector* connector,
                                                const model::Facts& facts, const model::Decision& decision);

}  // namespace connectord::engine
