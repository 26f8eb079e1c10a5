#include "trace_follower.h"

#include <algorithm>

namespace connectord::ctl {

tl::expected<trace::Page, std::string> TraceFollower::look(trace::Archive& archive) {
  // Before the search, since what the filters leave out is not to be gone through again and again.
  const auto last = archive.last_row();
  if (!last) return tl::unexpected(last.error());
  if (!query_.after) query_.after = *last;
  if (*last < *query_.after) query_.after = 0;  // another trace stands in the place of the one before
  auto page = archive.search(query_);
  if (!page) return page;
  // Mail that came in between the two is in the page already.
  const std::int64_t shown = page->rows.empty() ? 0 : page->rows.back().id;
  query_.after = page->next.empty() ? std::max(*last, shown) : shown;
  return page;
}

}  // namespace connectord::ctl
