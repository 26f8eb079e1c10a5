#pragma once

#include "connectord/model/configuration.h"
#include "problems.h"

namespace connectord::config {

// What rules say against each other, and of what the rest of the configuration has not.
void check_rules(const model::Configuration& configuration, Problems& problems);

}  // namespace connectord::config
