#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace connectord::doctor {

// By what rights a process runs.
struct ProcessRights {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // the further ones
};

// Of what /proc/PID/status says; std::nullopt where it does not say all. Pure.
std::optional<ProcessRights> read_rights(const std::string& status);
// Of a process that runs.
std::optional<ProcessRights> rights_of(pid_t process);

// That a process of this user has to begin with; std::nullopt if there is no such user.
std::optional<ProcessRights> rights_of_user(const std::string& name);

// The error with which somebody with these rights is kept from `mode` (R_OK, W_OK of access(2)) of that file; 0 if
// none. Tried in a child that takes them, which only root can have; std::nullopt for anybody else.
std::optional<int> error_of_access(const std::string& file, int mode, const ProcessRights& rights);

}  // namespace connectord::doctor
