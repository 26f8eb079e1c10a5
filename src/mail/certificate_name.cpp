#include "connectord/mail/certificate_name.h"

#include "connectord/net/ascii_case.h"

namespace connectord::mail {
namespace {

constexpr std::size_t sha256_digits = 64;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string decode_xtext(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded =
        text[i] == '+' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (!coded) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return decoded;
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
    if (hex_value(text[i]) < 0) return std::nullopt;
    digits += net::to_lower(text[i]);
  }
  if (digits.size() != sha256_digits) return std::nullopt;
  return digits;
}

}  // namespace connectord::mail
