#include "connectord/trace/moment.h"

#include <time.h>

#include <array>
#include <charconv>
#include <ctime>
#include <string_view>
#include <utility>

#include "connectord/base/time.h"

namespace connectord::trace {
namespace {

using base::day_ms;
using base::second_ms;

// How long a duration is in milliseconds, as "2h".
std::optional<std::int64_t> parse_age(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units = {
      {{"s", second_ms}, {"m", 60 * second_ms}, {"h", 3600 * second_ms}, {"d", day_ms}, {"w", 7 * day_ms}}};
  constexpr std::int64_t most = 1'000'000;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0 || number > most) return std::nullopt;
  for (const auto& [name, length] : units) {
    if (std::string_view(stop, static_cast<std::size_t>(end - stop)) == name) return number * length;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_time(const std::string& text) {
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  if (const auto [stop, error] = std::from_chars(text.data(), end, seconds); error == std::errc() && stop == end) {
    return seconds;
  }
  for (const char* format : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
                             "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm broken_down{};
    const char* rest = ::strptime(text.c_str(), format, &broken_down);
    if (rest != nullptr && *rest == '\0') return ::timegm(&broken_down);
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_moment(const std::string& text, std::int64_t now) {
  if (text == "now") return now;
  if (text == "today") return now - now % day_ms;
  if (text == "yesterday") return now - now % day_ms - day_ms;
  if (const auto age = parse_age(text)) return now - *age;
  const auto seconds = parse_time(text);
  return seconds ? std::optional(*seconds * second_ms) : std::nullopt;
}

}  // namespace connectord::trace
