#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace connectord::inspect {

// A number of `Number`'s size, least significant byte first; 0 where the bytes end before.
template <class Number>
Number little_endian(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(Number)) return 0;
  std::uint64_t number = 0;
  for (std::size_t i = sizeof(Number); i > 0; --i) {
    number = number << 8U | static_cast<unsigned char>(bytes[static_cast<std::size_t>(offset) + i - 1]);
  }
  return static_cast<Number>(number);
}

// `length` bytes from `offset` on, fewer where there are no more.
inline std::string_view piece(std::string_view bytes, std::uint64_t offset, std::uint64_t length) {
  if (offset >= bytes.size()) return {};
  return bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

}  // namespace connectord::inspect
