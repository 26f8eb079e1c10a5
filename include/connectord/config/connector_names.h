#pragma once

#include <string>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::config {

// Of all connectors, inbound ones first; where one of each direction shares a name, it is there twice.
std::vector<std::string> connector_names(const model::Configuration& configuration);

// What to say of a name that no connector has: `names` are those that there are. Names the one that was probably meant,
// and otherwise where to look.
std::string no_connector(const std::string& name, const std::vector<std::string>& names);

}  // namespace connectord::config
