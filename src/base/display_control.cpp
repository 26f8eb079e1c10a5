#include "connectord/base/display_control.h"

#include <array>

#include "connectord/base/text.h"

namespace connectord::base {
namespace {

// Of two or three bytes, none of which is beyond the basic plane.
unsigned code_point(std::string_view sequence) {
  unsigned code = static_cast<unsigned char>(sequence.front()) & (sequence.size() == 2 ? 0x1fU : 0x0fU);
  for (const char c : sequence.substr(1)) code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

}  // namespace

std::string escape_display_controls(std::string_view json) {
  constexpr std::array<char, 16> digits = {'0', '1', '2', '3', '4', '5', '6', '7',
                                           '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string escaped;
  escaped.reserve(json.size());
  while (!json.empty()) {
    const std::size_t length = display_control_length(json);
    if (length == 0) {
      escaped += json.front();
      json.remove_prefix(1);
      continue;
    }
    const unsigned code = code_point(json.substr(0, length));
    escaped += "\\u";
    for (const unsigned shift : {12U, 8U, 4U, 0U}) escaped += digits[(code >> shift) & 0xfU];
    json.remove_prefix(length);
  }
  return escaped;
}

std::string without_display_controls(std::string_view text) {
  const bool utf8 = is_utf8(text);
  std::string shown;
  while (!text.empty()) {
    const std::size_t control = utf8 ? display_control_length(text) : 0;
    const char c = text.front();
    shown += control > 0 || is_control(c) || (!utf8 && !is_ascii(c)) ? '?' : c;
    text.remove_prefix(control > 0 ? control : 1);
  }
  return shown;
}

}  // namespace connectord::base
