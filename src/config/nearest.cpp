#include "connectord/config/nearest.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_word_length = 64;  // no key is as long; keeps the cost of nonsense small

char folded(char c) {
  return c == '-' ? '_' : base::to_lower(c);
}

}  // namespace

// Optimal string alignment, row by row.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, max_word_length);
  b = b.substr(0, max_word_length);
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchange = folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + exchange});
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::size_t tolerance(std::string_view word) {
  if (word.size() <= 4) return 1;
  return word.size() <= 8 ? 2 : 3;
}

std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::optional<std::string_view> best;
  std::size_t least = tolerance(word) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace connectord::config
