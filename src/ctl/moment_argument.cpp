#include "moment_argument.h"

#include "connectord/trace/sqlite_store.h"

namespace connectord::ctl {
namespace {

tl::expected<std::optional<std::int64_t>, std::string> read_moment(const char* option, const std::string& text,
                                                                   trace::Zone zone) {
  if (text.empty()) return std::optional<std::int64_t>();
  const auto moment = trace::parse_moment(text, now_in_milliseconds(), zone);
  if (moment) return moment;
  return tl::unexpected(std::string(option) + ": \"" + text +
                        "\" is no time; write 23:40, \"yesterday 23:40\", 2h (two hours ago), monday, \"last month\", "
                        "2026-11-21 or 2026-11-21T12:00:00Z");
}

}  // namespace

std::int64_t now_in_milliseconds() {
  return trace::SqliteOptions().clock();
}

tl::expected<Times, std::string> read_times(const std::string& since, const std::string& until, trace::Zone zone) {
  const auto first = read_moment("--since", since, zone);
  if (!first) return tl::unexpected(first.error());
  const auto last = read_moment("--until", until, zone);
  if (!last) return tl::unexpected(last.error());
  if (*first && *last && **first >= **last) {
    return tl::unexpected("--until: \"" + until + "\" is not after --since, so that there is no time between them");
  }
  return Times{*first, *last};
}

}  // namespace connectord::ctl
