#pragma once

#include <cstddef>
#include <iosfwd>

namespace connectord::ctl {

// Exit statuses of connectorctl. What was asked about may be found wanting, as wrong input is; for doctor, they are
// those that monitoring systems know.
enum class Status : int {
  answered = 0,
  wrong_input = 1,
  not_passed = wrong_input,
  warned = wrong_input,
  wrong_usage = 2,
  critical = wrong_usage
};

// Where a command writes to, and how.
struct Terminal {
  std::ostream& out;
  std::ostream& error;
  std::istream& in;
  bool colour = false;
  std::size_t width = 0;  // in columns; 0: lines may have any length
};

// Runs connectorctl's command line.
Status run(int argc, const char* const* argv, const Terminal& terminal);

}  // namespace connectord::ctl
