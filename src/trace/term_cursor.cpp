#include "term_cursor.h"

#include "terms.h"

namespace connectord::trace {

TermCursor::TermCursor(sqlite::Database& database)
    : find_(database, "SELECT low FROM term WHERE bucket = ?1 AND hash = ?2 AND low <= ?3 ORDER BY low DESC") {}

void TermCursor::seek(std::int64_t hash, std::int64_t highest, std::int64_t lowest) {
  hash_ = hash;
  lowest_ = lowest;
  bucket_ = highest < lowest ? -1 : bucket_of(highest);
  ask(low_of(highest));
}

void TermCursor::ask(std::int64_t highest_low) {
  find_.reset();
  find_.bind(1, bucket_).bind(2, hash_).bind(3, highest_low);
}

std::optional<std::int64_t> TermCursor::next() {
  while (bucket_ >= 0 && bucket_ >= bucket_of(lowest_)) {
    if (find_.step()) {
      const std::int64_t id = (bucket_ << bucket_bits) + find_.integer(0);
      if (id >= lowest_) return id;
    }
    --bucket_;
    ask(bucket_size - 1);
  }
  bucket_ = -1;
  find_.reset();
  return std::nullopt;
}

}  // namespace connectord::trace
