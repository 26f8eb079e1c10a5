#pragma once

#include <string>
#include <string_view>

namespace connectord::mime {

// A text/plain part in UTF-8 and quoted-printable: header, empty line and body, without a line end behind it.
std::string text_part(std::string_view text);

}  // namespace connectord::mime
