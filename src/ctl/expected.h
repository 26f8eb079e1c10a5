#pragma once

#include <string>
#include <tl/expected.hpp>

namespace connectord::ctl {

// A result, or what is wrong in words for the person at the terminal.
template <class T = void>
using Expected = tl::expected<T, std::string>;

}  // namespace connectord::ctl
