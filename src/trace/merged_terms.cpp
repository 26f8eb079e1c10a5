#include "merged_terms.h"

#include <algorithm>
#include <utility>

namespace connectord::trace {

MergedTerms::MergedTerms(sqlite::Database& database, const std::vector<std::int64_t>& terms, std::int64_t highest,
                         std::int64_t lowest) {
  for (const std::int64_t term : terms) {
    Source source{PostingCursor(database), {}};
    source.cursor.seek(term, highest, lowest);
    source.head = source.cursor.next();
    sources_.push_back(std::move(source));
  }
}

std::optional<std::int64_t> MergedTerms::next() {
  std::optional<std::int64_t> newest;  // std::nullopt is less than any number
  for (const Source& source : sources_) newest = std::max(newest, source.head);
  if (!newest) return std::nullopt;
  for (Source& source : sources_) {
    if (source.head == newest) source.head = source.cursor.next();
  }
  return newest;
}

}  // namespace connectord::trace
