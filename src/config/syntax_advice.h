#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connectord::config {

// What to write in the place of what is not TOML, and where that stands.
struct SyntaxAdvice {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string message;
};

// For the mistakes that people make: text without quotes, yes for true, a list or a text without an end, [inbound] for
// [[inbound]], a colon for the equals sign. `line` is where the parser failed, from 1. std::nullopt where it is
// something else. Pure; a text of any length is gone through once.
std::optional<SyntaxAdvice> advise_on_syntax(std::string_view text, std::uint32_t line);

}  // namespace connectord::config
