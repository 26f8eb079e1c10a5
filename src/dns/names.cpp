#include "connectord/dns/names.h"

namespace connectord::dns {

std::string reverse_name(const net::IpAddress& address) {
  const auto& bytes = address.bytes();
  std::string name;
  if (address.is_v4()) {
    for (std::size_t i = bytes.size(); i-- > 12;) name += std::to_string(bytes[i]) + ".";
    return name + "in-addr.arpa";
  }
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = bytes.size(); i-- > 0;) name += {digits[bytes[i] & 15U], '.', digits[bytes[i] >> 4U], '.'};
  return name + "ip6.arpa";
}

std::string txt_line(std::string_view name, std::string_view text) {
  constexpr std::size_t longest = 255;
  std::string line(name);
  line += ". IN TXT (";
  for (std::size_t i = 0; i < text.size(); i += longest) {
    line += " \"";
    for (const char c : text.substr(i, longest)) {
      if (c == '"' || c == '\\') line += '\\';
      line += c;
    }
    line += '"';
  }
  return line + " )";
}

}  // namespace connectord::dns
