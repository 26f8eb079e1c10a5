#pragma once

#include <string>
#include <string_view>

namespace connectord::base {

// Text as HTML has it, in elements and in attributes with quotes of either kind (HTML Living Standard, 13.3).
std::string html_escaped(std::string_view text);

}  // namespace connectord::base
