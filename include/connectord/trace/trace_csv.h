#pragma once

#include <string>

#include "connectord/trace/search.h"

// Rows for a spreadsheet (RFC 4180), with times in UTC. Lines end with CRLF.
namespace connectord::trace {

std::string csv_heading();
std::string csv_line(const Row& row);
// In quotes, without control characters, and marked as text where a spreadsheet would take it for a formula.
std::string csv_field(const std::string& value);

}  // namespace connectord::trace
