#include "json_text.h"

#include <array>

#include "connectord/base/text.h"

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

// Most texts: printable ASCII without a quote or backslash.
bool is_plain(std::string_view text) {
  bool plain = true;
  for (const char c : text) plain = plain && c >= ' ' && c < 0x7f && c != '"' && c != '\\';
  return plain;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out.append(1, '"').append(text).append(1, '"');
    return;
  }
  const bool utf8 = base::is_utf8(text);
  out += '"';
  for (const char c : text) append_escaped(out, c, utf8);
  out += '"';
}

}  // namespace connectord::trace
