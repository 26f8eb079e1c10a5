#pragma once

#include <algorithm>
#include <string>
#include <string_view>

// Letters of ASCII, whose case names and keywords of the protocols do not count (RFC 4343; RFC 5234, 2.3). No locale
// counts, and other bytes are themselves. Thread-safe.
namespace connectord::base {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

constexpr bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto found = std::search(text.begin(), text.end(), part.begin(), part.end(),
                                 [](char x, char y) { return to_lower(x) == to_lower(y); });
  return found != text.end() || part.empty();
}

}  // namespace connectord::base
