#include "time_argument.h"

#include <time.h>

#include <charconv>
#include <ctime>

namespace connectord::ctl {

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

}  // namespace connectord::ctl
