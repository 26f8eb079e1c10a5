#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace connectord::base {

// The number that a mail server's attribute begins with, such as a port; 0 if there is none, or none that is below
// 65536.
inline std::uint16_t number_of(std::string_view digits) {
  std::uint16_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

}  // namespace connectord::base
