#pragma once

#include <string>

#include "connectord/base/accounts.h"

// Who could put something else where a path leads: by writing into a folder on the way, by renaming one, or by another
// symbolic link. The owner and the mode of each count, not access control lists. A sticky folder that all may write to,
// as /tmp is, is passed if the next on the way is not theirs. Thread-safe.
namespace connectord::net {

// True if nobody but root can change what is found under this path: all on the way is root's, and only root may write
// to it. False where there is no such path.
bool only_root_can_change(const std::string& path);

// True if this account can, whoever else can. False where there is no such path, since what is missing in a folder that
// the account may write to is this account's too, and found to be so before.
bool can_change(const base::Account& account, const std::string& path);

}  // namespace connectord::net
