#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace connectord::trace {

// What some messages, one after the other, add to the tables `term`, `volume` and `hour`.
struct TermHeap {
  struct Term {
    std::int64_t bucket = 0;
    std::int64_t hash = 0;
    std::int64_t low = 0;
    friend auto operator<=>(const Term&, const Term&) = default;
  };
  struct Sums {
    std::int64_t messages = 0;
    std::int64_t recipients = 0;
    std::int64_t bytes = 0;
  };
  struct Numbers {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  // The columns of `volume` up to `action`.
  using VolumeKey = std::array<std::int64_t, 6>;

  std::vector<Term> terms;  // sorted
  std::map<VolumeKey, Sums> volumes;
  std::map<std::int64_t, Numbers> hours;
  std::int64_t last = 0;  // row
  std::size_t messages = 0;
  std::size_t written = 0;  // of the terms
};

}  // namespace connectord::trace
