#pragma once

#include <nlohmann/json_fwd.hpp>

#include "connectord/model/rule.h"

// Rules as JSON with the keys of their TOML. Stateless and thread-safe.
namespace connectord::config {

// Whole, without keys that say what holds anyway, but always with `priority`, `enabled` and `mode`.
nlohmann::ordered_json to_json(const model::Rule& rule);

// What a list shows.
nlohmann::ordered_json summary_json(const model::Rule& rule);

}  // namespace connectord::config
