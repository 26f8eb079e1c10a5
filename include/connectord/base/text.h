#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Small things about text. All of it is about ASCII: no locale counts. Thread-safe.
namespace connectord::base {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

// "a, b, c".
std::string joined(const std::vector<std::string>& words, std::string_view separator = ", ");

// The length of the UTF-8 sequence (RFC 3629, 4) that `text` begins with; 0 where it begins with none.
std::size_t utf8_length(std::string_view text);

// Well-formed by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// Text from outside, made fit for a log line or a reply: what is not printable ASCII becomes '?', what goes beyond
// `limit` becomes "...".
std::string printable(std::string_view text, std::size_t limit = 80);

}  // namespace connectord::base
