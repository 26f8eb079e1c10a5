#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/config/load.h"

namespace connectord::config {

// The files that an entry of server.include means, by name. `file_name` is the file it stands in: other paths than
// absolute ones are relative to its directory. A pattern may match nothing; a plain name is returned as it is. The
// files are those of the environment, after its change.
tl::expected<std::vector<std::string>, std::string> expand_include(std::string_view pattern, std::string_view file_name,
                                                                   const Environment& environment);

}  // namespace connectord::config
