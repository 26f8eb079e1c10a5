#pragma once

#include <string>

#include "connectord/api/examinations.h"

namespace connectord::daemon {

// The API's examinations are doctor's, of this machine with that configuration file. None where the process is root's:
// doctor forks then, which a process with threads must not.
api::Examinations examinations_of(const std::string& configuration_file);

}  // namespace connectord::daemon
