#include "validate_report.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "connectord/tls/certificate.h"
#include "table.h"

namespace connectord::ctl {

void StepPrinter::print(const probe::Step& step) {
  const model::Finding& finding = step.finding;
  if (step.host != host_) {
    host_ = step.host;
    if (!host_.empty()) out_ << paint_(harmless(host_), bold) << '\n';
  }
  std::string outcome(step.warning ? "warning" : to_string(finding.outcome));
  outcome.resize(outcome_width, ' ');
  out_ << "  " << paint_(outcome, step.warning ? yellow : colour_of(finding.outcome)) << finding.check;
  const bool plain = finding.outcome == model::Outcome::pass && !step.warning;
  if (plain) out_ << ": " << harmless(finding.seen);
  out_ << " (" << step.took.count() << " ms)\n";
  if (!plain) print_details(out_, finding);
  out_.flush();
}

void StepPrinter::print_end(const probe::Report& report) {
  const std::string result = !report.tried ? "not tried" : report.passed ? "passed" : "failed";
  out_ << '\n'
       << paint_(result, !report.tried   ? yellow
                         : report.passed ? green
                                         : red)
       << "  " << report.connector << ": " << harmless(report.summary) << '\n';
}

std::string when_validated(std::int64_t time, bool passed) {
  return (passed ? "passed " : "failed ") + tls::time_text(time);
}

}  // namespace connectord::ctl
