#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/net/handover.h"

namespace connectord::daemon {

// On failure says how to make the user.
tl::expected<net::Account, std::string> find_user(const std::string& name);

std::optional<gid_t> find_group(const std::string& name);

// Becomes that user for good, with its groups and no others. On failure the process must not go on.
tl::expected<void, std::string> become(const net::Account& user);

}  // namespace connectord::daemon
