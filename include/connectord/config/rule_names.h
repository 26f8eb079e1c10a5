#pragma once

#include <string>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::config {

std::vector<std::string> rule_names(const model::Configuration& configuration);

// What to say of a name that no rule has: `names` are those that there are. Names the one that was probably meant, and
// otherwise where to look.
std::string no_rule(const std::string& name, const std::vector<std::string>& names);

}  // namespace connectord::config
