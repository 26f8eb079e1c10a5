#pragma once

#include <string>
#include <string_view>

namespace connectord::base {

// Fit for one segment of a path or a value of a query (RFC 3986, 2.1): all but letters, digits, "-" and "_" encoded.
std::string percent_encoded(std::string_view text);

}  // namespace connectord::base
