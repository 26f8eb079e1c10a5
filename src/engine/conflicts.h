#pragma once

#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::engine {

// What the enabled connectors say against each other: two that tie and one that can never be chosen are errors; a
// partner under another partner's requirements is a warning.
std::vector<model::Problem> find_conflicts(const std::vector<model::InboundConnector>& connectors);

}  // namespace connectord::engine
