#include "connectord/mime/subject.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/encoded_word.h"

namespace connectord::mime {
namespace {

constexpr std::string_view blanks = " \t\r\n";
// A line with CRLF has 1000 bytes at most (RFC 5322, 2.1.1), "Subject:" is one part of it.
constexpr std::size_t max_subject_line_length = 998 - 8;

// "Re: ", "AW[2]: ", "Fwd:": of at most eight characters before the colon, since languages differ.
std::size_t reply_prefix(std::string_view subject) {
  const std::size_t colon = subject.substr(0, 9).find(':');
  if (colon == std::string_view::npos || colon == 0 || subject.substr(0, colon).find(' ') != std::string_view::npos)
    return 0;
  if (subject.front() == '[') return 0;
  return std::min(subject.find_first_not_of(' ', colon + 1), subject.size());
}

bool is_marked(std::string_view subject, std::string_view mark) {
  while (!subject.starts_with(mark)) {
    const std::size_t prefix = reply_prefix(subject);
    if (prefix == 0) return false;
    subject.remove_prefix(prefix);
  }
  return true;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), base::is_ascii) && text.find("=?") == std::string_view::npos;
}

// The mark as it is written before `rest`. Blanks between two encoded words do not count, and those between a word and
// other text do.
std::string written_mark(std::string_view mark, std::string_view rest) {
  const std::string_view word = base::trimmed(mark);
  const bool word_follows = rest.starts_with("=?");
  if (is_plain(mark)) return std::string(mark) + (word_follows && !mark.ends_with(' ') ? " " : "");
  const bool is_spaced = mark.ends_with(' ');
  return encode_words(word_follows ? std::string(word) + (is_spaced ? " " : "") : std::string(word)) + " ";
}

}  // namespace

std::optional<std::string> prepend_to_subject(std::string_view raw, std::string_view mark) {
  const std::string_view word = base::trimmed(mark);
  if (word.empty() || is_marked(decode_header_text(raw), word)) return std::nullopt;
  const std::size_t begin = std::min(raw.find_first_not_of(blanks), raw.size());
  const std::string_view rest = raw.substr(begin);
  std::string marked = std::string(raw.substr(0, begin)) + written_mark(mark, rest);
  const std::size_t line = std::min(rest.find('\n'), rest.size());
  if (marked.size() + line > max_subject_line_length) marked += "\n ";
  return marked + std::string(rest);
}

}  // namespace connectord::mime
