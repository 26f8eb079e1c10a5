#pragma once

#include <string>
#include <string_view>

namespace connectord::auth {

// Text from outside for a log line or a reply: printable ASCII, other bytes as "?", cut to 80 bytes.
inline std::string printable(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string result;
  for (const char c : text.substr(0, longest)) result += c >= 0x20 && c < 0x7f ? c : '?';
  if (text.size() > longest) result += "...";
  return result;
}

}  // namespace connectord::auth
