#pragma once

#include <string>
#include <string_view>

namespace connectord::base {

// RFC 4648, 4, in one line and with its padding.
std::string to_base64(std::string_view bytes);

}  // namespace connectord::base
