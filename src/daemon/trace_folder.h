#pragma once

#include <string>

#include "privileges.h"

namespace connectord::daemon {

// Lets `user` write below the folder of this file: makes it where it is missing, and gives it away where it is root's
// and empty, as systemd makes a StateDirectory. Any other folder stays as it is.
void give_folder_of(const std::string& file, const User& user);

}  // namespace connectord::daemon
