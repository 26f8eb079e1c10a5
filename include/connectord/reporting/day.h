#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

// Which days reports are about, and when they go out. Pure but for the time zone, and thread-safe.
namespace connectord::reporting {

// A day of UTC, which a report is about (RFC 9990, 3.1.1.4), by its number since 1970.
struct Day {
  std::int64_t number = 0;

  std::int64_t begin() const;  // seconds since 1970
  std::int64_t last() const;   // the last second, so that periods do not overlap
  std::int64_t end() const;    // exclusive
  auto operator<=>(const Day&) const = default;
};

// "2026-11-28"
std::string to_string(Day day);
std::optional<Day> parse_day(std::string_view text);
// The last one that was over at this time.
Day last_whole_day(std::int64_t unix_time);
// A day that somebody names, or the last one where the text is empty. Refused in words where it is no day, or not over.
tl::expected<Day, std::string> whole_day(std::string_view text, std::int64_t unix_time);

// The last moment, not after `now`, at which reports were to go out, and the next one behind it: `at` after midnight of
// local time, and up to a quarter of an hour later, so that not all reporters write at once. `who` decides how much.
struct Rounds {
  std::int64_t last = 0;  // seconds since 1970
  std::int64_t next = 0;
};
Rounds rounds_at(std::int64_t now, std::chrono::minutes at, std::string_view who);

// How long what failed is tried again, and after how long for the time.
inline constexpr std::int64_t keep_trying = 86'400;
std::int64_t wait_after(int attempts);

}  // namespace connectord::reporting
