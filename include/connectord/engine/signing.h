#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "connectord/engine/policy.h"

namespace connectord::engine {

// Which entries of the configuration's signing are for mail of this author domain (normalized), whoever sends it: all
// of the most specific pattern that matches it, in the order of the configuration. Thread-safe.
std::vector<std::size_t> signatures_for(const Policy& policy, std::string_view author_domain);

}  // namespace connectord::engine
