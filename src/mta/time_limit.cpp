#include "connectord/mta/time_limit.h"

#include <charconv>

namespace connectord::mta {
namespace {

// 0 for a letter that is no unit.
long seconds_in(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3'600;
    case 'd':
      return 86'400;
    case 'w':
      return 604'800;
    default:
      return 0;
  }
}

}  // namespace

std::optional<long> mta_seconds(std::string_view text, char unit) {
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
    const long factor = seconds_in(at == end ? unit : *at++);
    if (factor == 0 || sum + number * factor > longest) return std::nullopt;
    sum += number * factor;
  }
  return sum;
}

}  // namespace connectord::mta
