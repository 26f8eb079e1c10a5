#include "text_layout.h"

#include <algorithm>

namespace connectord::ctl {
namespace {

// Of the escape sequence that the text begins with, as Paint writes them; 0 for none.
std::size_t escape_length(std::string_view text) {
  if (!text.starts_with("\033[")) return 0;
  const auto end = text.find('m');
  return end == std::string_view::npos ? 0 : end + 1;
}

// Takes the next word with the spaces before it.
std::string_view take_word(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  const auto end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

std::string_view without_spaces(std::string_view word) {
  return word.substr(std::min(word.find_first_not_of(' '), word.size()));
}

}  // namespace

std::size_t text_width(std::string_view text) {
  constexpr unsigned marker_bits = 0xC0;
  constexpr unsigned continuation = 0x80;
  std::size_t width = 0;
  while (!text.empty()) {
    const std::size_t escape = escape_length(text);
    if (escape == 0 && (static_cast<unsigned char>(text.front()) & marker_bits) != continuation) ++width;
    text.remove_prefix(std::max<std::size_t>(escape, 1));
  }
  return width;
}

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) longest = std::max(longest, text_width(without_spaces(take_word(text))));
  return longest;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  bool has_word = false;
  while (!text.empty()) {
    std::string_view word = take_word(text);
    const std::size_t room = lines.size() == 1 ? width : width - std::min(indent, width);
    if (has_word && used + text_width(word) > room) {
      lines.emplace_back();
      used = 0;
      word = without_spaces(word);
    }
    lines.back() += word;
    used += text_width(word);
    has_word = has_word || !without_spaces(word).empty();
  }
  return lines;
}

std::size_t hanging_indent(std::string_view line) {
  constexpr std::size_t deepest = 40;
  constexpr std::size_t step = 2;
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  std::size_t indent = begin + step;
  for (std::size_t at = begin; at < line.size() && text_width(line.substr(0, at)) <= deepest;) {
    const auto gap = line.find("  ", at);
    if (gap == std::string_view::npos) break;
    at = std::min(line.find_first_not_of(' ', gap), line.size());
    const std::size_t column = text_width(line.substr(0, at));
    if (at < line.size() && column <= deepest) indent = column;
  }
  return indent;
}

}  // namespace connectord::ctl
