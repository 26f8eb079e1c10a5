#include <array>

#include "connectord/base/ascii_case.h"
#include "wire.h"

namespace connectord::dns {
namespace {

constexpr std::size_t max_label_length = 63;
constexpr std::size_t max_wire_name_length = 255;

void append_escaped(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '.' || c == '\\') {
    text += {'\\', c};
  } else if (byte <= 0x20 || byte >= 0x7f) {
    text += {'\\', static_cast<char>('0' + byte / 100), static_cast<char>('0' + byte / 10 % 10),
             static_cast<char>('0' + byte % 10)};
  } else {
    text += c;
  }
}

}  // namespace

std::optional<WireName> to_wire_name(std::string_view name) {
  WireName wire;
  for (;;) {
    const auto dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty() || label.size() > max_label_length) return std::nullopt;
    wire += static_cast<char>(label.size());
    for (const char c : label) wire += base::to_lower(c);
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  wire += '\0';
  if (wire.size() > max_wire_name_length) return std::nullopt;
  return wire;
}

std::string to_text(const WireName& name) {
  std::string text;
  for (std::size_t at = 0; at < name.size() && name[at] != '\0';) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(name[at]));
    if (!text.empty()) text += '.';
    for (const char c : std::string_view(name).substr(at + 1, length)) append_escaped(text, c);
    at += 1 + length;
  }
  return text;
}

}  // namespace connectord::dns
