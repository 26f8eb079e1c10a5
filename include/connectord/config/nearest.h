#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace connectord::config {

// How many characters must be put in, taken out, exchanged or swapped with their neighbour to make one word of the
// other. Case doesn't count, nor which of '-' and '_' is written.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The distance up to which a word passes for a misspelling.
std::size_t tolerance(std::string_view word);

// The candidate that was probably meant, if any is near enough.
std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace connectord::config
