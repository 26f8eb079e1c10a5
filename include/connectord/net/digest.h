#pragma once

#include <span>
#include <string>
#include <string_view>

namespace connectord::net {

// Lower-case hexadecimal.
std::string to_hex(std::span<const unsigned char> bytes);

// SHA-256 in 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace connectord::net
