#include "connectord/mail/sealed_results.h"

#include <algorithm>
#include <optional>
#include <string>

#include "connectord/net/ascii_case.h"
#include "connectord/net/domain_name.h"

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

constexpr std::string_view blank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

// The result of one part, "dmarc=pass header.from=…" (white space may stand around the first equals sign); empty if the
// part is of another method. `rest` becomes what follows the result.
std::string_view result_for(std::string_view part, std::string_view method, std::string_view& rest) {
  part = trimmed(part);
  const auto equals = part.find('=');
  if (equals == std::string_view::npos || !net::equals_ignoring_case(trimmed(part.substr(0, equals)), method))
    return {};
  const std::string_view value = trimmed(part.substr(equals + 1));
  const auto end = std::min(value.find_first_of(blank), value.size());
  rest = value.substr(end);
  return value.substr(0, end);
}

// A property's value among those of a result. What was quoted is empty here, and so is nobody's domain.
std::optional<std::string_view> property(std::string_view properties, std::string_view name) {
  while (!(properties = trimmed(properties)).empty()) {
    const auto end = std::min(properties.find_first_of(blank), properties.size());
    const std::string_view one = properties.substr(0, end);
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && net::equals_ignoring_case(one.substr(0, equals), name))
      return one.substr(equals + 1);
    properties.remove_prefix(end);
  }
  return std::nullopt;
}

}  // namespace

bool say_dmarc_passed(std::string_view results, std::string_view author_domain) {
  Results parts(results);
  std::string part;
  std::size_t found = 0;
  bool passed = false;
  while (parts.next(part)) {
    std::string_view properties;
    const std::string_view result = result_for(part, "dmarc", properties);
    if (result.empty()) continue;
    ++found;
    const auto author = property(properties, "header.from");
    passed = net::equals_ignoring_case(result, "pass") && (!author || net::normalize_domain(*author) == author_domain);
  }
  return found == 1 && passed;
}

}  // namespace connectord::mail
