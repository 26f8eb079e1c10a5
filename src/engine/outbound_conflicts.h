#pragma once

#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::engine {

// What outbound connectors say against each other: two that are for the same mail, and two that want different TLS or
// credentials for one next hop, by which alone an MTA asks.
void find_outbound_conflicts(const model::Configuration& configuration, std::vector<model::Problem>& problems);

}  // namespace connectord::engine
