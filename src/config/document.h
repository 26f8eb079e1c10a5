#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "problems.h"
#include "reader.h"

namespace connectord::config {

// Adds what one TOML document says to a configuration, and what is wrong with it to the problems. Returns where the
// entries of server.include stand, in their order. The main document leaves in `places` where its keys stand, and that
// of the fleet must have none of them.
std::vector<model::Location> read_document(std::string_view text, const std::shared_ptr<const std::string>& file,
                                           DocumentKind kind, KeyPlaces& places, model::Configuration& configuration,
                                           Problems& problems);

}  // namespace connectord::config
