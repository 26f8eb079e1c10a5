#include "attach_report.h"

#include <ostream>
#include <sstream>

#include "connectord/base/json_values.h"
#include "connectord/mta/main_cf.h"

namespace connectord::ctl {

Json to_json(const std::vector<mta::Advice>& advice) {
  Json array = Json::array();
  for (const mta::Advice& one : advice) array.push_back({{"what", one.what}, {"write", one.write}});
  return array;
}

void print_advice(std::ostream& out, const std::string& severity, const std::vector<mta::Advice>& advice) {
  for (const mta::Advice& one : advice) {
    out << severity << ": " << one.what << '\n';
    std::istringstream lines(one.write);
    for (std::string line; std::getline(lines, line);) out << "    " << line << '\n';
  }
}

void add_result(const mta::Report& report, Json& object) {
  object["result"] = to_string(report.result);
  object["error"] = base::text_or_null(report.error);
}

void add_advice(const mta::Report& report, Json& object) {
  object["refusals"] = to_json(report.refusals);
  object["missing"] = to_json(report.missing);
  object["warnings"] = to_json(report.warnings);
  object["proof"] = base::text_or_null(report.proof);
}

void print_advice(const mta::Report& report, const Terminal& terminal) {
  print_advice(terminal.error, "missing", report.missing);
  print_advice(terminal.error, "warning", report.warnings);
  print_advice(terminal.error, "refused", report.refusals);
}

std::string diff_of(const mta::Report& report) {
  return mta::unified_diff(report.file, report.before, report.after);
}

Status status_of(const mta::Report& report) {
  const bool well = report.error.empty() && report.result != mta::Result::refused;
  return well ? Status::answered : Status::wrong_input;
}

}  // namespace connectord::ctl
