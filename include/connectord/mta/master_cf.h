#pragma once

#include <string>
#include <string_view>
#include <vector>

// master.cf (master(5)), changed by whole services. Pure.
namespace connectord::mta {

// One service of type unix.
struct ServiceChange {
  std::string service;
  std::string lines;   // as it shall stand there, a comment before it, each with its end; empty: it shall not be there
  std::string reason;  // one line
};

// What begins the comment before a service of ours, which goes with it.
inline constexpr std::string_view service_comment = "# connectord: ";

// master.cf after these changes, each a service that is taken out, and put at the end where it shall be there. All else
// stays as it was, to the byte; taken out again, a service leaves what was before it.
std::string edited_master_cf(std::string_view content, const std::vector<ServiceChange>& changes);

}  // namespace connectord::mta
