#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/transfer_encoding.h"

namespace connectord::mime {
namespace {

constexpr std::size_t max_quoted_line_length = 76;

std::string quoted(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    text += '=';
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

// How many bytes at the front belong together: those of one character of UTF-8, or else one.
std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  if (base::is_ascii(text.front())) return length;
  while (length < 4 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) ++length;
  return base::is_utf8(text.substr(0, length)) ? length : 1;
}

bool stands_for_itself(std::string_view text) {
  const char c = text.front();
  // At the end of a line blanks would get lost.
  if (base::is_space(c)) return text.size() > 1 && text[1] != '\r' && text[1] != '\n';
  return base::is_ascii(c) && !base::is_control(c) && c != '=';
}

}  // namespace

std::string encode_quoted_printable(std::string_view text) {
  std::string encoded;
  std::size_t line = 0;
  while (!text.empty()) {
    if (text.starts_with("\r\n")) {
      encoded += "\r\n";
      text.remove_prefix(2);
      line = 0;
      continue;
    }
    const std::size_t length = character_length(text);
    std::string written = stands_for_itself(text) ? std::string(1, text.front()) : quoted(text.substr(0, length));
    // One place is kept for the "=" of a soft break.
    if (line + written.size() >= max_quoted_line_length) {
      encoded += "=\r\n";
      line = 0;
    }
    if (line == 0 && text.starts_with("--")) written = quoted("-");
    encoded += written;
    line += written.size();
    text.remove_prefix(length);
  }
  return encoded;
}

}  // namespace connectord::mime
