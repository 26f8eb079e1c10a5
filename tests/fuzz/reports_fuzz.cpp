#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>

#include "connectord/reporting/aggregate_xml.h"
#include "connectord/reports/judgement.h"

// A report of a stranger: XML, JSON, gzip, zip or mail. What is counted as failed is no more than all, and what is said
// of it can be written down, also as a report of ours.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord;
  const auto file = reports::read_report_file({reinterpret_cast<const char*>(data), size});
  for (const reports::Report& report : file.reports) {
    const auto written = reports::to_json(report).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (written.empty()) __builtin_trap();
    if (const auto* aggregate = std::get_if<reports::AggregateReport>(&report)) {
      const auto again = reports::read_aggregate_report(reporting::to_xml(*aggregate));
      if (!again || again->rows.size() != aggregate->rows.size()) __builtin_trap();
    }
  }
  return 0;
}
