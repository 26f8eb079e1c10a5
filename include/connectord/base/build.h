#pragma once

#include <string>

namespace connectord::base {

// What `--version` says: the version, and in parentheses the commit that the program was built of, where that is known
// ("0.2.0 (4ddec40c1f2a)"). Thread-safe.
std::string version_and_commit();

}  // namespace connectord::base
