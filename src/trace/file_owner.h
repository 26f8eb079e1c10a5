#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/base/accounts.h"

// With whose rights root may open a file that somebody else can put another one in the place of.
namespace connectord::trace {

// The first on the way from the root folder to that file, symbolic links followed, who is not root and decides what the
// names on the rest of the way lead to; std::nullopt where that is root all the way, and for a process that is not
// root itself. Where a folder is open to a group or to everybody, that is whoever owns what has the name in it. It has
// no groups but its own, as passwd(5) has it. On failure says why it cannot be known.
tl::expected<std::optional<base::Account>, std::string> owner_of_way_to(const std::string& path);

}  // namespace connectord::trace
