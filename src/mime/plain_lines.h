#pragma once

#include <cstddef>
#include <string_view>

namespace connectord::mime {

// How much at the beginning of a text, which is a line's beginning, is whole lines that end by CRLF, have neither a CR
// nor an LF otherwise, and do not begin with a hyphen. Most of most bodies is of that kind, and is looked through many
// bytes at a time. May be less than there is, where less than that is left of the text.
std::size_t plain_lines_length(std::string_view text);

}  // namespace connectord::mime
