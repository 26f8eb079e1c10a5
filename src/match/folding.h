#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "connectord/base/text.h"

namespace connectord::match {

// Well-formed UTF-8, with U+FFFD in the place of each byte that is none.
std::string well_formed(std::string_view text);

// The character of well-formed UTF-8 that begins at `position`, which moves behind it.
char32_t next_character(std::string_view text, std::size_t& position);
// The one that ends before `position`, which is not 0.
char32_t character_before(std::string_view text, std::size_t position);

// By byte: it is ASCII, and a letter, a digit or an underscore.
inline constexpr auto ascii_word_characters = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 128; ++byte) {
    const char c = static_cast<char>(byte);
    table[byte] = base::is_alpha(c) || base::is_digit(c) || c == '_';
  }
  return table;
}();

// A letter, a digit, a mark on one of these, or an underscore.
bool is_word_character(char32_t character);

}  // namespace connectord::match
