#pragma once

#include <cstdint>
#include <optional>

#include "sqlite.h"

namespace connectord::trace {

// The messages that have a term, newest first: from the newest segment to the oldest. Throws sqlite::Error.
class PostingCursor {
 public:
  explicit PostingCursor(sqlite::Database& database);

  // Starts again, with messages from `highest` down to `lowest`, both included.
  void seek(std::int64_t term, std::int64_t highest, std::int64_t lowest);
  std::optional<std::int64_t> next();

 private:
  void select_segment(std::int64_t highest_offset);

  sqlite::Statement find_;
  std::int64_t term_ = 0;
  std::int64_t segment_ = -1;
  std::int64_t lowest_ = 0;
};

}  // namespace connectord::trace
