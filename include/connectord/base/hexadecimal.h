#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace connectord::base {

// 0 to 15 for a hexadecimal digit of either case, -1 for anything else.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
std::string to_hex(std::span<const unsigned char> bytes);

// The bytes that these digits of either case stand for, two for each; std::nullopt where they are none.
std::optional<std::string> from_hex(std::string_view digits);

// Bytes that are written as a mark and two hexadecimal digits: "%2E" of RFC 3986, 2.1, "+2B" of RFC 3461, 4. A mark
// that no two of them follow stands for itself.
std::string decode_marked_hex(std::string_view text, char mark);

}  // namespace connectord::base
