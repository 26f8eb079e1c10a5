#pragma once

#include <iosfwd>
#include <vector>

#include "clock_text.h"
#include "connectorctl.h"
#include "connectord/trace/search.h"

// How the trace is shown to a person, and to a spreadsheet.
namespace connectord::ctl {

void print_rows(const Terminal& terminal, const std::vector<trace::Row>& rows, const Clock& clock);
// One row as it comes, without columns.
void print_line(const Terminal& terminal, const trace::Row& row, const Clock& clock);
void print_report(const Terminal& terminal, const trace::Report& report, trace::Interval interval, const Clock& clock);
// The whole way of one message, step by step.
void print_story(std::ostream& out, const trace::MessageTraceDetail& story, const Clock& clock, bool colour);
const char* colour_of(trace::Status status);

// RFC 4180, with times in UTC.
void print_csv_heading(std::ostream& out);
void print_csv(std::ostream& out, const trace::Row& row);
void print_csv(std::ostream& out, const trace::Report& report);

}  // namespace connectord::ctl
