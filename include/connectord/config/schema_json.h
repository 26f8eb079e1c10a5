#pragma once

#include <nlohmann/json_fwd.hpp>

namespace connectord::config {

// All keys of the configuration for programs: a list of tables in the order of the declarations, each with its keys,
// their kinds, defaults and help. The keys of the objects stay.
nlohmann::ordered_json schema_json();

}  // namespace connectord::config
