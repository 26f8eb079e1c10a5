#pragma once

#include <string>
#include <string_view>

namespace connectord::ctl {

// What a command's help shows of its use, one command line after the other; empty for one that is not known. `command`
// is as it is called, such as "trace show".
std::string_view examples_of(std::string_view command);

}  // namespace connectord::ctl
