#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace connectord::mail {

// RFC 5322, 3.2.3, with the characters beyond ASCII of RFC 6532, 3.2.
bool is_atext(char c);

// Reads the lexical tokens of structured header fields (RFC 5322, 3.2) from an unfolded value, front to back. Does not
// recurse, so that no nesting of comments can exhaust the stack. Refers to the text; not thread-safe.
class Scanner {
 public:
  // Real comments nest two deep. Who nests deeper has other things in mind.
  static constexpr std::size_t deepest_comment = 32;

  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  // '\0' at the end.
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  std::string_view rest() const { return rest_; }
  char next();
  // Takes the character if it comes next.
  bool take(char c);
  void skip_spaces();
  // Takes the longest run of atext; empty if there is none.
  std::string_view atom();
  // At '"': the content without quotes and escapes (3.2.4). std::nullopt if the closing quote is missing.
  std::optional<std::string> quoted_string();
  // At '(': the content, with the comments inside it, escapes undone (3.2.2). std::nullopt if it never closes or nests
  // too deep.
  std::optional<std::string> comment();
  // Skips whitespace and comments; false where a comment cannot be read. `comments` collects their contents.
  bool skip_cfws(std::string* comments = nullptr);

 private:
  std::string_view rest_;
};

}  // namespace connectord::mail
