#include "findings_report.h"

#include <ostream>
#include <sstream>

#include "connectord/base/text.h"
#include "finding_text.h"
#include "table.h"

namespace connectord::ctl {
namespace {

constexpr std::size_t width = 10;  // of the severity

std::string_view word(doctor::Severity severity) {
  return severity == doctor::Severity::critical ? "critical" : "warning";
}

// May be lines of a file, in which tabs count.
void print_write(const std::string& write, const std::string& indent, std::ostream& out) {
  std::istringstream lines(write);
  const char* mark = "-> ";
  for (std::string line; std::getline(lines, line); mark = "   ") {
    out << indent << mark;
    std::istringstream columns(line);
    const char* separator = "";
    for (std::string column; std::getline(columns, column, '\t'); separator = "\t") {
      out << separator << harmless(column);
    }
    out << '\n';
  }
}

void print_issue(const doctor::Issue& issue, const Paint& paint, std::ostream& out) {
  std::string severity(word(issue.severity));
  severity.resize(width, ' ');
  out << paint(severity, issue.severity == doctor::Severity::critical ? red : yellow) << issue.area << ": "
      << harmless(issue.what) << '\n';
  const std::string indent(width, ' ');
  if (!issue.why.empty()) out << indent << harmless(issue.why) << '\n';
  print_write(issue.write, indent, out);
}

std::string counted(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

void print_sum(const doctor::Findings& findings, const Paint& paint, std::ostream& out) {
  const std::size_t critical = findings.count(doctor::Severity::critical);
  const std::size_t warnings = findings.count(doctor::Severity::warning);
  if (critical > 0) {
    out << paint(std::to_string(critical) + " critical", red) << ", " << counted(warnings, "warning") << '\n';
  } else if (warnings > 0) {
    out << paint("nothing critical", yellow) << ", " << counted(warnings, "warning") << '\n';
  } else {
    out << paint("all is well", green) << '\n';
  }
}

}  // namespace

void print_issues(const doctor::Findings& findings, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  for (const doctor::Issue& issue : findings.issues()) print_issue(issue, paint, terminal.out);
}

void print_summary(const doctor::Findings& findings, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  for (const auto& [area, what] : findings.notes()) {
    terminal.out << "note      " << area << ": " << harmless(what) << '\n';
  }
  const std::string good = base::joined(findings.good_areas());
  if (!good.empty()) terminal.out << paint("good", green) << "      " << good << '\n';
  print_sum(findings, paint, terminal.out);
}

Status status_of(const doctor::Findings& findings) {
  if (findings.count(doctor::Severity::critical) > 0) return Status::critical;
  return findings.all_well() ? Status::answered : Status::warned;
}

}  // namespace connectord::ctl
