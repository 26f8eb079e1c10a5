#include "connectord/mail/header_field.h"

#include <algorithm>
#include <cstddef>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

namespace connectord::mail {
namespace {

constexpr std::string_view whitespace = " \t";

// The length of the line end at the front of `text`: 2 for CR LF, 1 for LF, 0 for none.
std::size_t line_end(std::string_view text) {
  if (text.starts_with("\r\n")) return 2;
  return text.starts_with("\n") ? 1 : 0;
}

// True if the continuation line that begins `text` holds nothing but whitespace.
bool is_blank_line(std::string_view text) {
  const auto content = text.find_first_not_of(whitespace);
  return content == std::string_view::npos || line_end(text.substr(content)) > 0;
}

std::string name_of_control(char c) {
  if (c == '\0') return "a NUL character";
  if (c == '\r') return "a bare CR";
  if (c == '\n') return "a bare LF";
  return "a control character";
}

}  // namespace

bool is_named(std::string_view field_name, std::string_view name) {
  const auto begin = field_name.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return false;
  const auto end = field_name.find_last_not_of(" \t\r\n");
  return base::equals_ignoring_case(field_name.substr(begin, end - begin + 1), name);
}

tl::expected<std::string, std::string> unfold(std::string_view raw) {
  if (raw.size() > max_read_value_length) return tl::unexpected(std::string("longer than 16384 characters"));
  const auto is_odd = [](char c) { return base::is_control(c) && c != '\t'; };
  std::string line;
  line.reserve(raw.size());
  for (;;) {
    const auto plain = static_cast<std::size_t>(std::find_if(raw.begin(), raw.end(), is_odd) - raw.begin());
    line += raw.substr(0, plain);
    raw.remove_prefix(plain);
    if (raw.empty()) return line;
    const auto length = line_end(raw);
    const bool is_folding = length > 0 && raw.size() > length && base::is_space(raw[length]);
    if (!is_folding) return tl::unexpected(name_of_control(raw.front()));
    raw.remove_prefix(length);
    if (is_blank_line(raw)) return tl::unexpected(std::string("a continuation line of nothing but whitespace"));
  }
}

}  // namespace connectord::mail
