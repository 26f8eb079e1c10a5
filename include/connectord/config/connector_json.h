#pragma once

#include <nlohmann/json_fwd.hpp>

#include "connectord/model/connector.h"
#include "connectord/model/outbound.h"

namespace connectord::config {

// A connector with the keys of its TOML, and "direction" beside its name. Keys that are at their defaults and say
// nothing are left out, all others are there; the order is that of the documentation.
nlohmann::ordered_json to_json(const model::InboundConnector& connector);
nlohmann::ordered_json to_json(const model::OutboundConnector& connector);

}  // namespace connectord::config
