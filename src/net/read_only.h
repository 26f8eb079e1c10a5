#pragma once

#include <string>

namespace connectord::net {

// Of an error of the system's, EROFS. What makes a folder of a running system read-only is a unit with
// ProtectSystem=strict.
inline std::string way_out_of_read_only(const std::string& folder) {
  return "; let the unit write there: systemctl edit connectord, and under [Service]: ReadWritePaths=" + folder;
}

}  // namespace connectord::net
