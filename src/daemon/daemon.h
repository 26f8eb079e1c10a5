#pragma once

#include <string>

namespace connectord::daemon {

// Runs connectord with the configuration in that file until SIGTERM or SIGINT; the result is the exit status: 0 after a
// stop, 1 if it could not start or had to end. SIGHUP loads the configuration anew. Must be called by the main thread,
// before any other is started.
int run(const std::string& configuration_path);

}  // namespace connectord::daemon
