#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace connectord::trace {

// What a time without a zone is in: UTC, or the zone of this process (TZ, /etc/localtime).
enum class Zone : std::uint8_t { utc, local };

// Seconds since 1970 of ISO 8601 ("2026-11-21T12:00:00Z", "2026-11-21T12:00:00+01:00", "2026-11-21 12:00",
// "2026-11-21") or the seconds themselves. std::nullopt for anything else. Thread-safe.
std::optional<std::int64_t> parse_time(const std::string& text, Zone zone = Zone::utc);

// The same in milliseconds, and what people say, in whatever letter case: "now"; "23:40", the last time that it was
// that late; "today", "yesterday" and "monday" for the midnight that they begin with, also "yesterday 23:40"; "this
// month", "last week" (which begins on a Monday) and the like for their beginning; and how long ago it was: "90s",
// "2h", "2 hours ago", "7d", "4w". `now` is in milliseconds too. Thread-safe.
std::optional<std::int64_t> parse_moment(const std::string& text, std::int64_t now, Zone zone = Zone::utc);

}  // namespace connectord::trace
