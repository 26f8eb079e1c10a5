#pragma once

#include <string>

#include "connectord/reports/aggregate_report.h"

namespace connectord::reporting {

// The report as XML in the namespace of RFC 9990, which its schema (appendix A) takes where the words are those of the
// RFC and there is a row. Texts are escaped, and what XML cannot hold is left out. Thread-safe.
std::string to_xml(const reports::AggregateReport& report);

}  // namespace connectord::reporting
