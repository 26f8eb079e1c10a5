#include "connectord/mail/sealed_results.h"

#include <strings.h>

#include <string>

namespace connectord::mail {
namespace {

// Walks over a value of RFC 8601's grammar and calls back with each result of a method, comments left out.
class Results {
 public:
  explicit Results(std::string_view text) : text_(text) {}

  // The next part between semicolons, without comments; false at the end. Quoted strings stay as they are.
  bool next(std::string& part) {
    if (position_ > text_.size()) return false;
    part.clear();
    int depth = 0;
    bool quoted = false;
    for (; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == '\\' && position_ + 1 < text_.size() && (quoted || depth > 0)) {
        ++position_;
        if (depth == 0) part += text_[position_];
      } else if (quoted) {
        quoted = c != '"';
      } else if (c == '(') {
        ++depth;
      } else if (c == ')' && depth > 0) {
        --depth;
      } else if (depth == 0 && c == ';') {
        break;
      } else if (depth == 0 && c == '"') {
        quoted = true;
      } else if (depth == 0) {
        part += c;
      }
    }
    ++position_;
    return true;
  }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// "dmarc=pass header.from=…", also with white space around the equals sign.
bool says(std::string_view part, std::string_view method, std::string_view result) {
  part = trimmed(part);
  const auto equals = part.find('=');
  if (equals == std::string_view::npos || !same(trimmed(part.substr(0, equals)), method)) return false;
  const std::string_view rest = trimmed(part.substr(equals + 1));
  return same(rest.substr(0, rest.find_first_of(" \t\r\n")), result);
}

}  // namespace

bool reports(std::string_view results, std::string_view method, std::string_view result) {
  Results parts(results);
  std::string part;
  while (parts.next(part)) {
    if (says(part, method, result)) return true;
  }
  return false;
}

}  // namespace connectord::mail
