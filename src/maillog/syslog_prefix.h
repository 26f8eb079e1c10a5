#pragma once

#include <optional>
#include <string_view>

#include "mail_log_line.h"

namespace connectord::maillog {

// What a line of syslog begins with: time, host (not kept), "program[pid]: ". A line without a process ID has 0.
struct SyslogPrefix {
  Time time;
  std::string_view program;
  std::uint32_t pid = 0;
  std::string_view message;
};

std::optional<SyslogPrefix> read_syslog_prefix(std::string_view line, const LogClock& clock);

}  // namespace connectord::maillog
