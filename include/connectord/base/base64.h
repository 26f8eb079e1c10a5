#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connectord::base {

// RFC 4648, 4, in one line and with its padding.
std::string to_base64(std::string_view bytes);

// The bytes of such a text, in which line ends may stand; std::nullopt for any other.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace connectord::base
