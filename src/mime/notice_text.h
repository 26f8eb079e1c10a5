#pragma once

#include <string>
#include <string_view>

#include "connectord/mime/disclaimer.h"

namespace connectord::mime {

// A disclaimer's two forms, either made of the other where it is empty; line ends are LF.
struct Notice {
  std::string html;
  std::string text;
};

Notice notice_of(const Disclaimer& disclaimer);

// Lines of at most 900 bytes where there are blanks to break at, CRLF between them, no blanks at their ends; in
// format=flowed those lines stuffed that need it (RFC 3676, 4.4).
enum class LineFormat : std::uint8_t { fixed, flowed };
std::string format_lines(std::string_view text, LineFormat format);

// No line is longer than what mail may carry (RFC 5322, 2.1.1).
bool has_mail_lines(std::string_view text);

}  // namespace connectord::mime
