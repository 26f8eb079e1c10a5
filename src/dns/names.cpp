#include "connectord/dns/names.h"

namespace connectord::dns {
namespace {

// Bytes that mean something in a zone file, or are nothing to look at, as \DDD.
std::string escaped(char c) {
  if (c == '"' || c == '\\') return {'\\', c};
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= ' ' && byte < 0x7f) return {c};
  constexpr unsigned ten = 10;
  const auto digit = [byte](unsigned unit) { return static_cast<char>('0' + byte / unit % ten); };
  return {'\\', digit(ten * ten), digit(ten), digit(1)};
}

}  // namespace

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
    for (const char c : text.substr(i, longest)) line += escaped(c);
    line += '"';
  }
  return line + " )";
}

}  // namespace connectord::dns
