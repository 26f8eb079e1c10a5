#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "problems.h"

namespace connectord::config {

// Adds what one TOML document says to a configuration, and what is wrong with it to the problems. An included document
// may hold connectors only. Returns where the entries of server.include stand, in their order.
std::vector<model::Location> read_document(std::string_view text, const std::shared_ptr<const std::string>& file,
                                           bool included, model::Configuration& configuration, Problems& problems);

}  // namespace connectord::config
