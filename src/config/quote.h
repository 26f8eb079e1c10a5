#pragma once

#include <string>
#include <string_view>

namespace connectord::config {

// A text from a file in quotes for a person: shortened, and without control characters, so that it can forge no line of
// a log.
std::string in_quotes(std::string_view text);

}  // namespace connectord::config
