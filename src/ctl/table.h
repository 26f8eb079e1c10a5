#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::ctl {

// Writes rows with their columns one under the other; the first row is the heading. The last column is not padded.
void write_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

// A text that may be a stranger's, so that a terminal must not obey it: control characters, those that turn the order
// of text around (net/display_control.h), and bytes that are no UTF-8, become '?'.
std::string harmless(std::string_view text);

}  // namespace connectord::ctl
