#pragma once

#include <span>
#include <string>
#include <string_view>

namespace connectord::config {

// Digests in lower-case hexadecimal. Thread-safe.
std::string to_hex(std::span<const unsigned char> bytes);
std::string sha256_hex(std::string_view text);

}  // namespace connectord::config
