#include <algorithm>

#include "connectord/base/number.h"
#include "connectord/trace/search.h"

namespace connectord::trace {

// Of a trace with numbers of its own.
tl::expected<News, std::string> Archive::news(const Query& query, const std::string& mark) {
  // Before the search, since what the filters leave out is not to be gone through again and again.
  const auto last = last_row();
  if (!last) return tl::unexpected(last.error());
  if (mark.empty()) return News{.rows = {}, .mark = std::to_string(*last)};
  const auto seen = base::whole_number<std::int64_t>(mark);
  if (!seen) return tl::unexpected("\"" + mark + "\" is no mark of this trace; begin anew without one");
  Query wanted = query;
  // Otherwise another trace stands in the place of the one before.
  wanted.after = *last < *seen ? 0 : *seen;
  auto page = search(wanted);
  if (!page) return tl::unexpected(page.error());
  // Mail that came in between the two is in the page already.
  const std::int64_t shown = page->rows.empty() ? 0 : page->rows.back().id;
  const bool has_more = !page->next.empty();
  return News{.rows = std::move(page->rows),
              .mark = std::to_string(has_more ? shown : std::max(*last, shown)),
              .has_more = has_more};
}

}  // namespace connectord::trace
