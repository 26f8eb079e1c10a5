#include "mta_time.h"

#include <charconv>

namespace connectord::ctl {

std::optional<long> mta_seconds(std::string_view text) {
  constexpr long longest = 366L * 86'400;
  if (text.empty()) return std::nullopt;
  long sum = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    long number = 0;
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc() || number < 0 || number > longest) return std::nullopt;
    at = read.ptr;
    long unit = 1;
    if (at != end) {
      switch (*at++) {
        case 's':
          break;
        case 'm':
          unit = 60;
          break;
        case 'h':
          unit = 3'600;
          break;
        case 'd':
          unit = 86'400;
          break;
        case 'w':
          unit = 604'800;
          break;
        default:
          return std::nullopt;
      }
    }
    if (sum + number * unit > longest) return std::nullopt;
    sum += number * unit;
  }
  return sum;
}

}  // namespace connectord::ctl
