#pragma once

#include <string>
#include <string_view>

namespace connectord::base {

// The digest's bytes.
std::string sha256(std::string_view bytes);
std::string sha512(std::string_view bytes);

// SHA-256 in 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace connectord::base
