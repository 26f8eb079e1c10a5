#include "quote.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_quote_length = 80;

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::size_t end = text.size();
  if (end > max_quote_length) {
    end = max_quote_length;
    while (end > 0 && continues_character(text[end])) --end;  // not in the middle of a character of UTF-8
  }
  std::string quote = "\"";
  for (const char c : text.substr(0, end)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    quote += control ? '?' : c;
  }
  return quote + (end < text.size() ? "…\"" : "\"");
}

}  // namespace connectord::config
