#pragma once

#include "connectorctl.h"
#include "connectord/reports/aggregate_report.h"

namespace connectord::ctl {

// What a DMARC aggregate report means, in words.
void print_in_words(const reports::AggregateReport& report, const Terminal& terminal);

}  // namespace connectord::ctl
