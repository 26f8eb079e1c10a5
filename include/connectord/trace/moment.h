#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace connectord::trace {

// Seconds since 1970 of a time in UTC: ISO 8601 ("2026-11-21T12:00:00Z", "2026-11-21 12:00", "2026-11-21") or the
// seconds themselves. std::nullopt for anything else.
std::optional<std::int64_t> parse_time(const std::string& text);

// The same in milliseconds; also "now", "today" and "yesterday" for the midnight that they begin with, and how long ago
// it was: "90s", "30m", "2h", "7d", "4w". `now` is in milliseconds too.
std::optional<std::int64_t> parse_moment(const std::string& text, std::int64_t now);

}  // namespace connectord::trace
