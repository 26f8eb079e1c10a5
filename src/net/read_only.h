#pragma once

#include <cerrno>
#include <string>

namespace connectord::net {

// What is to be said behind an error of the system's about making something in that folder. What makes a folder of a
// running system read-only is a unit with ProtectSystem=strict.
inline std::string way_out(int error, const std::string& folder) {
  if (error != EROFS) return {};
  return "; let the unit write there: systemctl edit connectord, and under [Service]: ReadWritePaths=" + folder;
}

}  // namespace connectord::net
