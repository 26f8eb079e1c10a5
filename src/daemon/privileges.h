#pragma once

#include <sys/types.h>

#include <string>
#include <tl/expected.hpp>

#include "connectord/base/accounts.h"

namespace connectord::daemon {

// On failure says how to make the user.
tl::expected<base::Account, std::string> find_user(const std::string& name);

// Becomes that user for good, with its groups and no others. On failure the process must not go on.
tl::expected<void, std::string> become(const base::Account& user);

// Lets the process open as many files as it may, up to what all listeners together take. systemd begins with 1,024, so
// that whoever opens that many connections to one listener would keep everybody out of all of them. Nothing here uses
// select(2), which could not have more.
void allow_many_files();

}  // namespace connectord::daemon
