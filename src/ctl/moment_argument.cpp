#include "moment_argument.h"

#include "connectord/trace/moment.h"
#include "connectord/trace/sqlite_store.h"

namespace connectord::ctl {
namespace {

tl::expected<std::optional<std::int64_t>, std::string> read_moment(const char* option, const std::string& text) {
  if (text.empty()) return std::optional<std::int64_t>();
  const auto moment = trace::parse_moment(text, now_in_milliseconds());
  if (moment) return moment;
  return tl::unexpected(
      std::string(option) + ": \"" + text +
      "\" is no time; write 2026-11-21T12:00:00Z, 2026-11-21, 2h (two hours ago), today or yesterday");
}

}  // namespace

std::int64_t now_in_milliseconds() {
  return trace::SqliteOptions().clock();
}

tl::expected<Times, std::string> read_times(const std::string& since, const std::string& until) {
  const auto first = read_moment("--since", since);
  if (!first) return tl::unexpected(first.error());
  const auto last = read_moment("--until", until);
  if (!last) return tl::unexpected(last.error());
  if (*first && *last && **first >= **last) {
    return tl::unexpected("--until: \"" + until + "\" is not after --since, so that there is no time between them");
  }
  return Times{*first, *last};
}

}  // namespace connectord::ctl
