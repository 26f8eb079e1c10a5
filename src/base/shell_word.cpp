#include "connectord/base/shell_word.h"

namespace connectord::base {

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,";
  return text.empty() || text.find_first_not_of(plain) != std::string_view::npos ? shell_quoted(text)
                                                                                 : std::string(text);
}

}  // namespace connectord::base
