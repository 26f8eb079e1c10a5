#include "connectord/trace/moment.h"

#include <time.h>

#include <array>
#include <charconv>
#include <ctime>
#include <string_view>
#include <utility>

namespace connectord::trace {
namespace {

constexpr std::int64_t second = 1000;
constexpr std::int64_t day = 86'400 * second;

// How long a duration is in milliseconds, as "2h".
std::optional<std::int64_t> parse_age(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> units = {
      {{"s", second}, {"m", 60 * second}, {"h", 3600 * second}, {"d", day}, {"w", 7 * day}}};
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
  if (text == "today") return now - now % day;
  if (text == "yesterday") return now - now % day - day;
  if (const auto age = parse_age(text)) return now - *age;
  const auto seconds = parse_time(text);
  return seconds ? std::optional(*seconds * second) : std::nullopt;
}

}  // namespace connectord::trace
