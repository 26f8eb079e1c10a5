#include "posting_cursor.h"

#include "terms.h"

namespace connectord::trace {

PostingCursor::PostingCursor(sqlite::Database& database)
    : find_(database,
            "SELECT offset FROM posting WHERE segment = ?1 AND term = ?2 AND offset <= ?3 ORDER BY offset DESC") {}

void PostingCursor::seek(std::int64_t term, std::int64_t highest, std::int64_t lowest) {
  term_ = term;
  lowest_ = lowest;
  segment_ = highest < lowest ? -1 : segment_of(highest);
  select_segment(offset_of(highest));
}

void PostingCursor::select_segment(std::int64_t highest_offset) {
  find_.reset();
  find_.bind(1, segment_).bind(2, term_).bind(3, highest_offset);
}

std::optional<std::int64_t> PostingCursor::next() {
  while (segment_ >= 0 && segment_ >= segment_of(lowest_)) {
    if (find_.step()) {
      const std::int64_t id = (segment_ << segment_bits) + find_.integer();
      if (id >= lowest_) return id;
    }
    --segment_;
    select_segment(segment_size - 1);
  }
  segment_ = -1;
  find_.reset();
  return std::nullopt;
}

}  // namespace connectord::trace
