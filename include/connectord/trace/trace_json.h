#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "connectord/model/authentication.h"
#include "connectord/trace/search.h"

// What the trace has, as JSON with keys that stay. What is not known is null.
namespace connectord::trace {

// "2026-11-21T12:00:00.123Z"
std::string iso_time(std::int64_t milliseconds);

// What the protocols said; null for one that was not asked.
nlohmann::ordered_json to_json(const model::Authentication& authentication);

nlohmann::ordered_json to_json(const Row& row);
nlohmann::ordered_json to_json(const MessageTraceDetail& detail);
nlohmann::ordered_json to_json(const Report& report);

}  // namespace connectord::trace
