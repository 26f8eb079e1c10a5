#pragma once

#include <cstdint>
#include <optional>

#include "sqlite.h"

namespace connectord::trace {

// The messages that have a term, newest first: from the newest bucket to the oldest.
class TermCursor {
 public:
  explicit TermCursor(sqlite::Database& database);

  // Begins anew: messages from `highest` down to `lowest`, both included.
  void seek(std::int64_t hash, std::int64_t highest, std::int64_t lowest);
  std::optional<std::int64_t> next();

 private:
  void ask(std::int64_t highest_low);

  sqlite::Statement find_;
  std::int64_t hash_ = 0;
  std::int64_t bucket_ = -1;
  std::int64_t lowest_ = 0;
};

}  // namespace connectord::trace
