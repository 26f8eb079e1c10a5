#include "clock_text.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <utility>

namespace connectord::ctl {

std::string Clock::formatted(std::int64_t time, const char* format) const {
  const std::time_t seconds = time / 1000;
  std::tm parts{};
  zone_ == trace::Zone::utc ? ::gmtime_r(&seconds, &parts) : ::localtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

std::string Clock::date(std::int64_t time) const {
  return formatted(time, "%Y-%m-%d");
}
std::string Clock::to_second(std::int64_t time) const {
  return formatted(time, "%H:%M:%S");
}
std::string Clock::to_minute(std::int64_t time) const {
  return formatted(time, "%H:%M");
}
std::string Clock::precise(std::int64_t time) const {
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(time % 1000));
  return to_second(time) + fraction.data();
}
std::string Clock::zone_name(std::int64_t time) const {
  return zone_ == trace::Zone::utc ? "UTC" : formatted(time, "%Z");
}

std::string duration_text(std::int64_t milliseconds) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units = {
      {{" d", 86'400'000}, {" h", 3'600'000}, {" min", 60'000}, {" s", 1000}}};
  for (std::size_t i = 0; i < units.size(); ++i) {
    const auto& [name, length] = units.at(i);
    if (milliseconds < length) continue;
    std::string text = std::to_string(milliseconds / length) + std::string(name);
    if (i + 1 == units.size()) return text;
    const auto& [next_name, next_length] = units.at(i + 1);
    const std::int64_t rest = milliseconds % length / next_length;
    if (rest > 0) text += " " + std::to_string(rest) + std::string(next_name);
    return text;
  }
  return std::to_string(milliseconds) + " ms";
}

}  // namespace connectord::ctl
