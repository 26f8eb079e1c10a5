#include "connectord/mail/scanner.h"

#include <array>

#include "connectord/base/text.h"

namespace connectord::mail {
namespace {

// Looked up for each character of each field.
constexpr std::array<bool, 256> atext = [] {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
  std::array<bool, 256> is_there{};
  for (std::size_t i = 0; i < is_there.size(); ++i) {
    const char c = static_cast<char>(static_cast<unsigned char>(i));
    is_there.at(i) =
        base::is_alpha(c) || base::is_digit(c) || !base::is_ascii(c) || others.find(c) != std::string_view::npos;
  }
  return is_there;
}();

}  // namespace

bool is_atext(char c) {
  return atext[static_cast<unsigned char>(c)];
}

char Scanner::next() {
  const char c = peek();
  if (!rest_.empty()) rest_.remove_prefix(1);
  return c;
}

bool Scanner::take(char c) {
  if (rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

void Scanner::skip_spaces() {
  while (!rest_.empty() && base::is_space(rest_.front())) rest_.remove_prefix(1);
}

std::string_view Scanner::atom() {
  std::size_t length = 0;
  while (length < rest_.size() && is_atext(rest_[length])) ++length;
  const std::string_view found = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return found;
}

std::optional<std::string> Scanner::quoted_string() {
  if (!take('"')) return std::nullopt;
  std::string content;
  while (!at_end()) {
    char c = next();
    if (c == '"') return content;
    if (c == '\\') {
      if (at_end()) return std::nullopt;
      c = next();
    }
    content += c;
  }
  return std::nullopt;
}

std::optional<std::string> Scanner::comment() {
  if (!take('(')) return std::nullopt;
  std::string content;
  std::size_t depth = 1;
  while (!at_end()) {
    char c = next();
    if (c == '\\') {
      if (at_end()) return std::nullopt;
      c = next();
    } else if (c == '(') {
      if (++depth > deepest_comment) return std::nullopt;
    } else if (c == ')' && --depth == 0) {
      return content;
    }
    content += c;
  }
  return std::nullopt;
}

bool Scanner::skip_cfws(std::string* comments) {
  for (;;) {
    skip_spaces();
    if (peek() != '(' || at_end()) return true;
    const auto content = comment();
    if (!content) return false;
    if (comments != nullptr) *comments += *content;
  }
}

}  // namespace connectord::mail
