#pragma once

#include <string>
#include <tl/expected.hpp>

namespace connectord::base {

// Puts a symbolic link to `target` in another's place, so that whoever follows it finds the old target or the new one,
// also after a crash. On failure says why. Thread-safe.
tl::expected<void, std::string> replace_link(const std::string& path, const std::string& target);

}  // namespace connectord::base
