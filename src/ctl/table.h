#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace connectord::ctl {

// Writes rows with their columns one under the other; the first row is the heading. The last column is not padded.
void write_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

}  // namespace connectord::ctl
