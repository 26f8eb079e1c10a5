#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connectord::maillog {

// A place in a file of the log.
struct LogPosition {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  std::uint64_t fingerprint = 0;  // of what stands before the offset
  bool within_long_line = false;  // the rest of that line is passed over

  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

// "file 2049 131 5120 9f86d081884c7d65 0"
std::string format_position(const LogPosition& position);
std::optional<LogPosition> parse_position(std::string_view text);

}  // namespace connectord::maillog
