#pragma once

#include <toml++/toml.h>

#include <nlohmann/json_fwd.hpp>

namespace connectord::config {

// What a table of TOML (v1.0) says, as JSON; its keys stand in alphabetical order, and its dates and times are strings.
// Thread-safe.
nlohmann::ordered_json to_json(const toml::table& table);

}  // namespace connectord::config
