#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rule_volumes.h"
#include "volumes.h"

namespace connectord::trace {

// What some messages that follow each other add to the search index and to the volumes.
struct IndexBatch {
  // A message has a term. In the order in which the table `posting` has them.
  struct Posting {
    std::int64_t segment = 0;
    std::int64_t term = 0;
    std::int64_t offset = 0;
    friend auto operator<=>(const Posting&, const Posting&) = default;
  };

  std::vector<Posting> postings{};  // sorted, when all are gathered
  Volumes volumes{};
  RuleVolumes rule_volumes{};
  std::int64_t last = 0;  // row
  std::size_t messages = 0;
  bool is_gathered = false;
  std::size_t written = 0;  // of the postings
};

}  // namespace connectord::trace
