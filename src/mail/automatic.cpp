#include "connectord/mail/automatic.h"

#include <algorithm>
#include <string>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

namespace connectord::mail {
namespace {

// Of a field with parameters or comments behind it.
std::string first_word_of(std::string_view value) {
  const std::string lower = base::to_lower(value);
  const auto begin = std::min(lower.find_first_not_of(" \t\r\n"), lower.size());
  return lower.substr(begin, lower.find_first_of(" \t\r\n;(", begin) - begin);
}

SentBy by_precedence(std::string_view value) {
  const std::string word = first_word_of(value);
  if (word == "auto_reply") return SentBy::program;
  return word == "bulk" || word == "junk" || word == "list" ? SentBy::list : SentBy::anybody;
}

}  // namespace

SentBy sent_by(const HeaderField& field) {
  if (is_named(field.name, "Auto-Submitted")) {
    return first_word_of(field.value) == "no" ? SentBy::anybody : SentBy::program;
  }
  if (is_named(field.name, "Precedence")) return by_precedence(field.value);
  const bool is_of_list = base::starts_with_ignoring_case(base::trimmed(field.name), "List-");
  return is_of_list ? SentBy::list : SentBy::anybody;
}

}  // namespace connectord::mail
