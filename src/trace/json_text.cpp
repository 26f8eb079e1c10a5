#include "json_text.h"

#include <array>

#include "connectord/mail/text.h"

namespace connectord::trace {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

void append_escaped(std::string& out, char c, bool utf8) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (byte < 0x20) {
    out += "\\u00";
    out += hex[byte >> 4U];
    out += hex[byte & 0xfU];
  } else if (byte >= 0x80 && !utf8) {
    out += "\\ufffd";
  } else {
    out += c;
  }
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  const bool utf8 = mail::is_utf8(text);
  out += '"';
  for (const char c : text) append_escaped(out, c, utf8);
  out += '"';
}

}  // namespace connectord::trace
