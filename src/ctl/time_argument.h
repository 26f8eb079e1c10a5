#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace connectord::ctl {

// Seconds since 1970 of a time in UTC: ISO 8601 ("2026-11-21T12:00:00Z", "2026-11-21 12:00", "2026-11-21") or the
// seconds themselves. std::nullopt for anything else.
std::optional<std::int64_t> parse_time(const std::string& text);

}  // namespace connectord::ctl
