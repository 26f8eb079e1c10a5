#pragma once

#include <iosfwd>
#include <string>

#include "expected.h"

namespace connectord::ctl {

// A file as a whole, or for "-" what comes by `in`.
Expected<std::string> read_input(const std::string& path, std::istream& in);

}  // namespace connectord::ctl
