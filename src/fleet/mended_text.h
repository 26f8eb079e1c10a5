#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// PostgreSQL refuses texts with NUL, and texts that are not valid UTF-8: what a stranger writes must not stop a batch.
namespace connectord::fleet {

bool is_acceptable(std::string_view text);
// With U+FFFD in the place of what is refused.
std::string mended(std::string_view text);

// The texts of one row, and what those were that had to be mended.
class MendedTexts {
 public:
  // Valid until the next call, or clear(). `column` is kept with what the text was.
  std::string_view take(std::uint8_t column, std::string_view text);
  // Empty where no text was mended.
  std::string_view originals() const { return originals_; }
  void clear() { originals_.clear(); }

 private:
  std::string mended_;
  std::string originals_;
};

using Original = std::pair<std::uint8_t, std::string_view>;
// What MendedTexts kept. What is damaged ends the list.
std::vector<Original> read_originals(std::string_view originals);

}  // namespace connectord::fleet
