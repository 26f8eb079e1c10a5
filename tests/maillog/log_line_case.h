#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "describe_event.h"
#include "maillog/mail_log_line.h"

namespace connectord::maillog {

struct LogLineCase {
  const char* title;
  const char* line;
  const char* event;  // as EventDescription has it; empty for none
};

// The event of a line that is read on 22 November 2026, in words; empty for none.
inline std::string parsed(std::string_view line) {
  const LogClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22),
                       [](std::int64_t local) { return std::chrono::sys_seconds(std::chrono::seconds(local)); }};
  const auto event = parse_mail_log_line(line, clock);
  return event ? EventDescription::of(*event) : "";
}

}  // namespace connectord::maillog
