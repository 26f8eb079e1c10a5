#include "dkim_folder.h"

#include <algorithm>

namespace connectord::auth {
namespace {

constexpr std::size_t max_line_length = 76;

}  // namespace

void DkimFolder::add(std::string_view piece, std::string_view separator) {
  if (column_ + separator.size() + piece.size() > max_line_length) {
    text_.append("\n\t");
    column_ = 1;
  } else {
    text_.append(separator);
    column_ += separator.size();
  }
  text_.append(piece);
  column_ += piece.size();
}

void DkimFolder::add_broken(std::string_view text) {
  while (!text.empty()) {
    const std::size_t room = column_ < max_line_length ? max_line_length - column_ : 0;
    const std::string_view piece = text.substr(0, std::max<std::size_t>(room, 1));
    add(piece);
    text.remove_prefix(piece.size());
  }
}

std::string DkimFolder::with_crlf() const {
  std::string folded;
  for (const char c : text_) folded += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return folded;
}

}  // namespace connectord::auth
