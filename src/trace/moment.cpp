#include "connectord/trace/moment.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string_view>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/time.h"

namespace connectord::trace {
namespace {

using base::day_ms;
using base::second_ms;

constexpr int days_a_week = 7;

constexpr std::array<std::string_view, days_a_week> weekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                                "thursday", "friday", "saturday"};

std::tm broken_down(std::int64_t seconds, Zone zone) {
  const std::time_t time = seconds;
  std::tm parts{};
  zone == Zone::utc ? ::gmtime_r(&time, &parts) : ::localtime_r(&time, &parts);
  return parts;
}

// Days and months may be out of their range, as in mktime(3).
std::int64_t seconds_of(std::tm parts, Zone zone) {
  parts.tm_isdst = -1;
  return zone == Zone::utc ? ::timegm(&parts) : std::mktime(&parts);
}

// "2h", "2 hours ago", in milliseconds.
std::optional<std::int64_t> parse_age(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 15> units = {{{"s", second_ms},
                                                                                {"sec", second_ms},
                                                                                {"second", second_ms},
                                                                                {"m", 60 * second_ms},
                                                                                {"min", 60 * second_ms},
                                                                                {"minute", 60 * second_ms},
                                                                                {"h", 3600 * second_ms},
                                                                                {"hr", 3600 * second_ms},
                                                                                {"hour", 3600 * second_ms},
                                                                                {"d", day_ms},
                                                                                {"day", day_ms},
                                                                                {"w", days_a_week * day_ms},
                                                                                {"wk", days_a_week * day_ms},
                                                                                {"week", days_a_week * day_ms},
                                                                                {"month", 30 * day_ms}}};
  constexpr std::string_view ago = " ago";
  constexpr std::int64_t most = 1'000'000;
  if (text.ends_with(ago)) text.remove_suffix(ago.size());
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0 || number > most) return std::nullopt;
  std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const auto& [name, length] : units) {
    if (unit == name || (name.size() > 1 && unit == std::string(name) + 's')) return number * length;
  }
  return std::nullopt;
}

// What people say, against the present. All in seconds.
class SpokenTime {
 public:
  SpokenTime(std::int64_t now, Zone zone) : now_(now), zone_(zone), today_(broken_down(now, zone)) {
    today_.tm_hour = today_.tm_min = today_.tm_sec = 0;
  }

  std::optional<std::int64_t> parse(const std::string& text) const {
    if (const auto clock = parse_clock(text)) return last_time_of(*clock);
    if (const auto begun = beginning_of_unit(text)) return begun;
    const auto space = text.rfind(' ');
    const auto clock = space == std::string::npos ? std::nullopt : parse_clock(text.substr(space + 1));
    const auto days = days_back(clock ? text.substr(0, space) : text);
    if (!days) return std::nullopt;
    return at(*days, clock.value_or(std::tm{}));
  }

 private:
  static std::optional<std::tm> parse_clock(const std::string& text) {
    for (const char* format : {"%H:%M", "%H:%M:%S"}) {
      std::tm clock{};
      const char* rest = ::strptime(text.c_str(), format, &clock);
      if (rest != nullptr && *rest == '\0') return clock;
    }
    return std::nullopt;
  }

  static std::optional<int> weekday(std::string_view name) {
    constexpr std::size_t shortest = 3;
    for (std::size_t i = 0; i < weekdays.size(); ++i) {
      if (weekdays.at(i) == name || weekdays.at(i).substr(0, shortest) == name) return static_cast<int>(i);
    }
    return std::nullopt;
  }

  // How many days before today. A weekday is the last one that is over, or today where it began not long ago.
  std::optional<int> days_back(std::string_view text) const {
    constexpr std::string_view last = "last ";
    if (text == "today") return 0;
    if (text == "yesterday") return 1;
    const bool is_before = text.starts_with(last);
    if (is_before) text.remove_prefix(last.size());
    const auto day_of_week = weekday(text);
    if (!day_of_week) return std::nullopt;
    const int days = (today_.tm_wday - *day_of_week + days_a_week) % days_a_week;
    return is_before && days == 0 ? days_a_week : days;
  }

  std::optional<std::int64_t> beginning_of_unit(std::string_view text) const {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::string_view which = text.substr(0, space);
    if (which != "this" && which != "last") return std::nullopt;
    const int back = which == "last" ? 1 : 0;
    const std::string_view unit = text.substr(space + 1);
    std::tm begun = today_;
    if (unit == "hour") return seconds_of(hour(back), zone_);
    if (unit == "week") begun.tm_mday -= (today_.tm_wday + days_a_week - 1) % days_a_week + back * days_a_week;
    if (unit == "month" || unit == "year") begun.tm_mday = 1;
    if (unit == "month") begun.tm_mon -= back;
    if (unit == "year") begun.tm_mon = 0;
    if (unit == "year") begun.tm_year -= back;
    if (unit != "week" && unit != "month" && unit != "year") return std::nullopt;
    return seconds_of(begun, zone_);
  }

  std::tm hour(int back) const {
    std::tm parts = broken_down(now_, zone_);
    parts.tm_hour -= back;
    parts.tm_min = parts.tm_sec = 0;
    return parts;
  }

  std::int64_t at(int days, const std::tm& clock) const {
    std::tm parts = today_;
    parts.tm_mday -= days;
    parts.tm_hour = clock.tm_hour;
    parts.tm_min = clock.tm_min;
    parts.tm_sec = clock.tm_sec;
    return seconds_of(parts, zone_);
  }

  std::int64_t last_time_of(const std::tm& clock) const {
    const std::int64_t today = at(0, clock);
    return today <= now_ ? today : at(1, clock);
  }

  std::int64_t now_;
  Zone zone_;
  std::tm today_;  // its midnight
};

}  // namespace

std::optional<std::int64_t> parse_time(const std::string& text, Zone zone) {
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  if (const auto [stop, error] = std::from_chars(text.data(), end, seconds); error == std::errc() && stop == end) {
    return seconds;
  }
  for (const char* format : {"%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M%z"}) {
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), format, &parts);
    const std::int64_t offset = parts.tm_gmtoff;  // timegm() clears it
    if (rest != nullptr && *rest == '\0') return ::timegm(&parts) - offset;
  }
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), format, &parts);
    if (rest != nullptr && *rest == '\0') return seconds_of(parts, zone);
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_moment(const std::string& text, std::int64_t now, Zone zone) {
  const std::string spoken = base::to_lower(text);
  if (spoken == "now") return now;
  if (const auto age = parse_age(spoken)) return now - *age;
  auto seconds = SpokenTime(now / second_ms, zone).parse(spoken);
  if (!seconds) seconds = parse_time(text, zone);
  return seconds ? std::optional(*seconds * second_ms) : std::nullopt;
}

}  // namespace connectord::trace
