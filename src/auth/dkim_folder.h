#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace connectord::auth {

// Writes the value of a field that signs, piece by piece, folded with LF and a tab where a line would get too long.
class DkimFolder {
 public:
  // `field_name`: whose value it is, without the colon.
  explicit DkimFolder(std::string_view field_name) : column_(field_name.size() + 2) {}

  // Goes on a new line as a whole unless it still fits.
  void add(std::string_view piece, std::string_view separator = {});
  // Base64, and what else may be broken anywhere.
  void add_broken(std::string_view text);
  const std::string& text() const { return text_; }
  // As it is hashed (RFC 6376, 3.5): with CRLF at its folds.
  std::string with_crlf() const;

 private:
  std::string text_;
  std::size_t column_;
};

}  // namespace connectord::auth
