#include "connectord/reporting/day.h"

#include <algorithm>
#include <ctime>

#include "connectord/base/digest.h"
#include "connectord/base/number.h"
#include "connectord/base/text.h"
#include "connectord/base/time.h"

namespace connectord::reporting {
namespace {

constexpr std::size_t date_length = 10;
constexpr std::int64_t most_delay = 900;

std::int64_t delay_of(std::string_view who) {
  const std::string digest = base::sha256(who);
  const auto byte = [&digest](std::size_t i) {
    return static_cast<std::int64_t>(static_cast<unsigned char>(digest[i]));
  };
  constexpr std::int64_t values_of_byte = 256;
  return (byte(0) * values_of_byte + byte(1)) % most_delay;
}

// `at` on the local day that is so many days from the one of `now`. mktime() knows the days of 23 and 25 hours.
std::int64_t local_time(std::int64_t now, int days, std::chrono::minutes at) {
  const auto time = static_cast<std::time_t>(now);
  std::tm local{};
  ::localtime_r(&time, &local);
  local.tm_mday += days;
  local.tm_hour = static_cast<int>(at.count() / 60);
  local.tm_min = static_cast<int>(at.count() % 60);
  local.tm_sec = 0;
  local.tm_isdst = -1;
  return static_cast<std::int64_t>(std::mktime(&local));
}

}  // namespace

std::int64_t Day::begin() const {
  return number * base::day_seconds;
}

std::int64_t Day::last() const {
  return end() - 1;
}

std::int64_t Day::end() const {
  return (number + 1) * base::day_seconds;
}

std::string to_string(Day day) {
  return base::utc_text(day.begin()).substr(0, date_length);
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != date_length || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = base::whole_number<int>(text.substr(0, 4));
  const auto month = base::whole_number<unsigned>(text.substr(5, 2));
  const auto day = base::whole_number<unsigned>(text.substr(8, 2));
  if (!year || !month || !day || *year < 1970) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return Day{std::chrono::sys_days(date).time_since_epoch().count()};
}

Day last_whole_day(std::int64_t unix_time) {
  return Day{unix_time / base::day_seconds - 1};
}

tl::expected<Day, std::string> whole_day(std::string_view text, std::int64_t unix_time) {
  const Day last = last_whole_day(unix_time);
  if (text.empty()) return last;
  const auto day = parse_day(text);
  if (!day) return tl::unexpected("\"" + std::string(text) + "\" is no day; write " + to_string(last));
  if (last < *day) {
    return tl::unexpected(std::string(text) +
                          " is not over (days are those of UTC); the last one that is: " + to_string(last));
  }
  return *day;
}

Rounds rounds_at(std::int64_t now, std::chrono::minutes at, std::string_view who) {
  const std::int64_t delay = delay_of(who);
  Rounds rounds;
  for (const int days : {-2, -1, 0, 1, 2}) {
    const std::int64_t time = local_time(now, days, at) + delay;
    if (time <= now) rounds.last = std::max(rounds.last, time);
    if (time > now && (rounds.next == 0 || time < rounds.next)) rounds.next = time;
  }
  return rounds;
}

std::int64_t wait_after(int attempts) {
  constexpr std::int64_t first = 900;
  constexpr std::int64_t longest = std::int64_t{4} * 3600;
  constexpr int doublings = 4;
  return std::min(longest, first << std::clamp(attempts - 1, 0, doublings));
}

}  // namespace connectord::reporting
