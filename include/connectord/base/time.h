#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace connectord::base {

inline constexpr std::int64_t second_ms = 1000;
inline constexpr std::int64_t hour_ms = 3600 * second_ms;
inline constexpr std::int64_t day_ms = 24 * hour_ms;
inline constexpr std::int64_t day_seconds = 86'400;

// Seconds since 1970.
inline std::int64_t unix_time() {
  return std::time(nullptr);
}

// Seconds since 1970 as "2026-11-21T12:00:00Z" (ISO 8601, in UTC); empty for a year that cannot be written.
std::string utc_text(std::int64_t seconds);

}  // namespace connectord::base
