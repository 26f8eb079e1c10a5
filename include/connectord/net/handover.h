#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/accounts.h"

// What a process that was started as root makes for the account that it becomes: folders, and what lies in them. There
// is one rule. Where nobody but root can change what a path leads to, root does it. Everywhere else somebody may put a
// symbolic or hard link, or another folder, into the way at any moment, so it is done with the account's own rights,
// and can do nothing that the account could not do itself.
//
// For the start of a process, before it has threads: the rights are the whole process's.
namespace connectord::net {

// Runs `make` with root's rights if nobody but root can change `folder`, and else with the account's. True in `as_root`
// if it was so. On failure says why.
tl::expected<void, std::string> with_rights_for(
    const std::string& folder, const base::Account& account,
    const std::function<tl::expected<void, std::string>(bool as_root)>& make);

// A folder in which the account keeps files.
struct KeptFolder {
  std::string path;
  std::string key;  // of the configuration, for messages
  mode_t mode = 0750;
  // What may lie there already, and what begins with such a name and "-" or ".".
  std::vector<std::string> names{};
  // Those of them that the account must be able to read and write, where they are there.
  std::vector<std::string> files{};
};

// Makes the folder where it is missing, and the one above it, and gives it to the account. A folder that is there and
// root's is given to the account too, with those of `names` in it, if there is nothing else in it, or if systemd made
// it for this service ($STATE_DIRECTORY). On failure, also where the account may not write there in the end, says why
// and what to do. In a process that is not root's, only makes the folder and looks.
tl::expected<void, std::string> hand_over(const KeptFolder& folder, const base::Account& account);

}  // namespace connectord::net
