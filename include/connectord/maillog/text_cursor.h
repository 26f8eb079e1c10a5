#pragma once

#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

#include "connectord/base/text.h"

namespace connectord::maillog {

// Takes a text to pieces from its front. What is not there is not taken. Refers to the text.
class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  bool take(std::string_view literal) {
    if (rest_.substr(0, literal.size()) != literal) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  // What stands before `delimiter`, which is taken too; std::nullopt if it does not come.
  std::optional<std::string_view> until(std::string_view delimiter) {
    const auto found = rest_.find(delimiter);
    if (found == std::string_view::npos) return std::nullopt;
    const auto taken = rest_.substr(0, found);
    rest_.remove_prefix(found + delimiter.size());
    return taken;
  }

  template <typename Predicate>
  std::string_view while_true(Predicate predicate) {
    std::size_t length = 0;
    while (length < rest_.size() && predicate(rest_[length])) ++length;
    const auto taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  // Decimal digits without a sign.
  template <typename Number>
  std::optional<Number> number() {
    Number value = 0;
    if (rest_.empty() || !base::is_digit(rest_.front())) return std::nullopt;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

 private:
  std::string_view rest_;
};

}  // namespace connectord::maillog
