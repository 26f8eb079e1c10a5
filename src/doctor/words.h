#pragma once

#include <cstddef>
#include <string>

namespace connectord::doctor {

// "1 message", "2 messages".
inline std::string counted(std::size_t number) {
  return std::to_string(number) + (number == 1 ? " message" : " messages");
}

}  // namespace connectord::doctor
