#pragma once

#include <string>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::runtime {

// The keys of `loaded` that say something else than those that the process was started with, and that it takes up at a
// start only: "server.api".
std::vector<std::string> waiting_for_restart(const model::Configuration& started, const model::Configuration& loaded);

}  // namespace connectord::runtime
