#include "connectord/mail/certificate_name.h"

#include "connectord/base/ascii_case.h"
#include "connectord/base/hexadecimal.h"

namespace connectord::mail {
namespace {

constexpr std::size_t sha256_digits = 64;

}  // namespace

std::string decode_xtext(std::string_view text) {
  return base::decode_marked_hex(text, '+');
}

std::string common_name(std::string_view distinguished_name) {
  constexpr std::string_view mark = "/CN=";
  const auto begin = distinguished_name.find(mark);
  if (begin == std::string_view::npos || distinguished_name.find(mark, begin + 1) != std::string_view::npos) return {};
  const std::string_view rest = distinguished_name.substr(begin + mark.size());
  return std::string(rest.substr(0, rest.find('/')));
}

std::optional<std::string> parse_sha256(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size() && digits.size() <= sha256_digits; ++i) {
    if (text[i] == ':' && digits.size() % 2 == 0 && !digits.empty() && i + 1 < text.size()) continue;
    if (base::hex_value(text[i]) < 0) return std::nullopt;
    digits += base::to_lower(text[i]);
  }
  if (digits.size() != sha256_digits) return std::nullopt;
  return digits;
}

}  // namespace connectord::mail
