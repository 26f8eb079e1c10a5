#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace connectord::config {

// Calls `visit` with what stands on each line of a list, without comments behind "#" and the space around it, and with
// the number of the line and the column; blank lines are passed over. Ends when it returns false. A byte order mark,
// and CR at the ends of lines, of a file that was written on Windows, do not count.
void for_each_line(std::string_view text,
                   const std::function<bool(std::string_view, std::uint32_t, std::uint32_t)>& visit);

}  // namespace connectord::config
