#include "mta_time.h"

#include <charconv>
#include <chrono>

namespace connectord::doctor {
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
    const long unit = at == end ? 1 : seconds_in(*at++);
    if (unit == 0 || sum + number * unit > longest) return std::nullopt;
    sum += number * unit;
  }
  return sum;
}

std::optional<long> seconds_for_dns(const model::Configuration& configuration) {
  if (!configuration.authentication.checks_anything()) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(configuration.dns.budget).count();
}

}  // namespace connectord::doctor
