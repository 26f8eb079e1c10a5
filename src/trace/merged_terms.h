#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "posting_cursor.h"

namespace connectord::trace {

// The messages that have any of several terms, newest first, each once.
class MergedTerms {
 public:
  // Messages from `highest` down to `lowest`, both included.
  MergedTerms(sqlite::Database& database, const std::vector<std::int64_t>& terms, std::int64_t highest,
              std::int64_t lowest);
  std::optional<std::int64_t> next();

 private:
  struct Source {
    PostingCursor cursor;
    std::optional<std::int64_t> head;
  };
  std::vector<Source> sources_;
};

}  // namespace connectord::trace
