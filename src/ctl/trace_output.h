#pragma once

#include <iosfwd>
#include <vector>

#include "connectord/trace/search.h"

// How the trace is shown to a person, and to a spreadsheet.
namespace connectord::ctl {

void print_rows(std::ostream& out, const std::vector<trace::Row>& rows);
// One row as it comes, without columns.
void print_line(std::ostream& out, const trace::Row& row);
void print_report(std::ostream& out, const trace::Report& report, trace::Interval interval);
// The whole way of one message, step by step.
void print_story(std::ostream& out, const trace::MessageTraceDetail& story, bool colour);

// RFC 4180.
void print_csv_heading(std::ostream& out);
void print_csv(std::ostream& out, const trace::Row& row);
void print_csv(std::ostream& out, const trace::Report& report);

}  // namespace connectord::ctl
