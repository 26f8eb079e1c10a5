#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Characters that are not shown but say how the text around them is: with them a stranger's words can stand in another
// line, or in another order, than they were written in. They are the C1 controls, the separators of lines and
// paragraphs (U+2028, U+2029), and the marks, embeddings, overrides and isolates of bidirectional text (UAX 9, 2:
// U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069). C0 controls are ASCII and everybody's own matter.
// Thread-safe.
namespace connectord::base {

// The length of the UTF-8 sequence of such a character at the beginning of `text`; 0 where another one stands there.
constexpr std::size_t display_control_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.size() >= 2 && byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return 2;
  if (text.size() >= 2 && byte(0) == 0xd8 && byte(1) == 0x9c) return 2;
  if (text.size() < 3 || byte(0) != 0xe2) return 0;
  const bool mark = byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f);
  const bool separator_or_embedding = byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae;
  const bool isolate = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
  return mark || separator_or_embedding || isolate ? 3 : 0;
}

// The text with '?' in the place of each of them, of each C0 control and DEL, and of bytes that are no UTF-8.
std::string without_display_controls(std::string_view text);

// A JSON text (RFC 8259) in which they are written as \uXXXX. The same to whoever parses it, since they can only stand
// within strings.
std::string escape_display_controls(std::string_view json);

}  // namespace connectord::base
