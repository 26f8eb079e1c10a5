#include "connectord/mail/text.h"

#include <algorithm>
#include <cstdint>

namespace connectord::mail {
namespace {

// The length of the UTF-8 sequence that `lead` begins, and the lowest code point that may be written in that length.
struct Sequence {
  std::size_t length = 0;
  std::uint32_t lowest = 0;
};

Sequence sequence_of(unsigned char lead) {
  if (lead < 0x80) return {1, 0};
  if (lead >= 0xc2 && lead < 0xe0) return {2, 0x80};
  if (lead >= 0xe0 && lead < 0xf0) return {3, 0x800};
  if (lead >= 0xf0 && lead < 0xf5) return {4, 0x10000};
  return {};
}

bool is_character(std::string_view bytes, std::uint32_t lowest) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  std::uint32_t code = bytes.size() == 1 ? lead : lead & (0xffU >> (bytes.size() + 1));
  for (const char c : bytes.substr(1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) return false;
    code = (code << 6) | (byte & 0x3fU);
  }
  return code >= lowest && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

}  // namespace

bool is_atext(char c) {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
  return is_alpha(c) || is_digit(c) || !is_ascii(c) || others.find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Sequence sequence = sequence_of(static_cast<unsigned char>(text.front()));
    if (sequence.length == 0 || sequence.length > text.size()) return false;
    if (!is_character(text.substr(0, sequence.length), sequence.lowest)) return false;
    text.remove_prefix(sequence.length);
  }
  return true;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string clean(text.substr(0, limit));
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return !is_ascii(c) || is_control(c); }, '?');
  if (text.size() > limit) clean += "...";
  return clean;
}

}  // namespace connectord::mail
