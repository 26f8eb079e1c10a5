#pragma once

#include <iosfwd>
#include <string>

#include "connectord/probe/report.h"
#include "finding_text.h"

namespace connectord::ctl {

// Prints the steps of a validation as they end, host by host, and how it ended.
class StepPrinter {
 public:
  StepPrinter(std::ostream& out, bool colour) : out_(out), paint_(colour) {}

  void print(const probe::Step& step);
  void print_end(const probe::Report& report);

 private:
  std::ostream& out_;
  Paint paint_;
  std::string host_;
};

// "passed 2026-11-21 12:00:00 UTC"
std::string when_validated(std::int64_t time, bool passed);

}  // namespace connectord::ctl
