#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "connectord/mime/bytes.h"
#include "connectord/model/finding.h"

namespace connectord::session {

// RFC 5322, 2.1.1, and Postfix's smtp_line_length_limit: longer lines are broken on the way.
inline constexpr std::size_t max_line_length = 998;

// The longest line of a stream, without its line end.
class LineLengths {
 public:
  void update(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      current_ += std::min(end, piece.size());
      longest_ = std::max(longest_, current_);
      if (end == std::string_view::npos) return;
      current_ = 0;
      piece.remove_prefix(end + 1);
    }
  }

  // With the CR at its end, which is counted too.
  bool has_long_line() const { return longest_ > max_line_length + 1; }

  // The same of a message that came so, and leaves with that body in place of its own; nullptr: with its own.
  bool leave_long(const mime::Bytes* body) const {
    if (body == nullptr || !has_long_line()) return has_long_line();
    LineLengths leaving;
    mime::visit(*body, {0, body->size()}, [&leaving](std::string_view piece) {
      leaving.update(piece);
      return true;
    });
    return leaving.has_long_line();
  }

 private:
  std::size_t current_ = 0;
  std::size_t longest_ = 0;
};

inline model::Finding long_lines_finding(std::string_view check) {
  return {.check = std::string(check),
          .outcome = model::Outcome::not_applicable,
          .expected = "lines of at most 998 bytes, which arrive as they were signed",
          .seen = "a longer line, which the mail server breaks on its way out (smtp_line_length_limit)",
          .hint =
              "nobody will find the signature good: the sender's program must encode such lines (quoted-printable, "
              "base64), or smtp_line_length_limit = 0 in main.cf let them pass"};
}

}  // namespace connectord::session
