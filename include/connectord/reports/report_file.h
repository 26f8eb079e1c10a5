#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "connectord/reports/aggregate_report.h"
#include "connectord/reports/tls_report.h"

namespace connectord::reports {

using Report = std::variant<AggregateReport, TlsReport>;

// What a file holds: reports, and of what is none why not.
struct ReportFile {
  std::vector<Report> reports;
  std::vector<std::string> problems;
};

// The reports in a file as they come by mail: XML or JSON, packed by gzip or as a zip, or the whole message with such
// attachments. All that is unpacked is at most 64 MiB, and 100 reports are read. Empty, without a problem, for a file
// that holds nothing like a report. Thread-safe.
ReportFile read_report_file(std::string_view bytes);

}  // namespace connectord::reports
