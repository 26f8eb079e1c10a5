#include "joint_news.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/trace/row_name.h"

namespace connectord::fleet {
namespace {

constexpr char between_numbers = '.';
constexpr char behind_host = '_';

std::optional<std::int64_t> take_number(std::string_view& text, char end) {
  std::int64_t number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || at == text.data() + text.size() || *at != end) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return number;
}

// Some rows of one host, and how far they go.
struct Part {
  std::map<std::int64_t, trace::Row> rows;  // by number
  std::int64_t complete = 0;                // all up to this one were looked at
};

postgres::Result<Part> read_part(postgres::Connection& connection, JointTexts& texts,
                                 const JointSearch::HostNames& names, trace::Query query, const NewRange& range) {
  query.limit = std::numeric_limits<std::size_t>::max() - 1;  // whole messages, so many as one look has
  const std::vector<trace::Query> readings =
      query.word.empty() ? std::vector<trace::Query>{query} : trace::readings_of_word(query);
  Part part{.rows = {}, .complete = range.last};
  for (const trace::Query& reading : readings) {
    JointSearch search(connection, texts, names, reading);
    const auto complete = search.take_new(range.host, range.after, range.last);
    if (!complete) return tl::unexpected(complete.error());
    part.complete = std::min(part.complete, *complete);
    for (trace::Row& row : search.take_rows()) {
      const std::int64_t seq = trace::row_of_host(row.id);
      if (seq > range.after) part.rows.emplace(seq, std::move(row));
    }
  }
  part.rows.erase(part.rows.upper_bound(part.complete), part.rows.end());
  return part;
}

bool is_asked_for(const trace::Query& query, const JointSearch::HostNames& names, std::int64_t host) {
  if (query.host.empty()) return true;
  const auto name = names.find(host);
  return name != names.end() && base::equals_ignoring_case(name->second, query.host);
}

}  // namespace

std::string JointMark::to_string() const {
  std::string text;
  for (const auto& [host, seq] : seen) {
    text += std::to_string(host) + between_numbers + std::to_string(seq) + behind_host;
  }
  return text.empty() ? std::string(1, behind_host) : text;
}

std::optional<JointMark> JointMark::parse(std::string_view text) {
  JointMark mark;
  if (text == std::string_view(&behind_host, 1)) return mark;
  while (!text.empty()) {
    const auto host = take_number(text, between_numbers);
    const auto seq = host ? take_number(text, behind_host) : std::nullopt;
    if (!seq) return std::nullopt;
    mark.seen[*host] = *seq;
  }
  return mark.seen.empty() ? std::nullopt : std::optional(std::move(mark));
}

std::vector<NewRange> new_ranges(const JointMark& mark, const std::vector<HostProgress>& hosts) {
  std::vector<NewRange> ranges;
  for (const HostProgress& one : hosts) {
    const auto seen = mark.seen.find(one.host);
    const std::int64_t after = seen == mark.seen.end() ? 0 : std::min(seen->second, one.last);
    ranges.push_back({one.host, after, one.last});
  }
  return ranges;
}

postgres::Result<trace::News> read_news(postgres::Connection& connection, JointTexts& texts,
                                        const JointSearch::HostNames& names, const trace::Query& query,
                                        const std::optional<JointMark>& mark, const std::vector<HostProgress>& hosts) {
  JointMark next;
  for (const HostProgress& one : hosts) next.seen[one.host] = one.last;
  trace::News news;
  for (const NewRange& range : mark ? new_ranges(*mark, hosts) : std::vector<NewRange>()) {
    if (range.after == range.last || !is_asked_for(query, names, range.host)) continue;
    const std::size_t room = query.limit - news.rows.size();
    if (room == 0) {
      next.seen[range.host] = range.after;
      news.has_more = true;
      continue;
    }
    auto part = read_part(connection, texts, names, query, range);
    if (!part) return tl::unexpected(part.error());
    std::int64_t complete = part->complete;
    if (part->rows.size() > room) {
      complete = std::next(part->rows.begin(), static_cast<std::ptrdiff_t>(room) - 1)->first;
      part->rows.erase(part->rows.upper_bound(complete), part->rows.end());
    }
    next.seen[range.host] = complete;
    news.has_more = news.has_more || complete < range.last;
    for (auto& [seq, row] : part->rows) news.rows.push_back(std::move(row));
  }
  std::stable_sort(news.rows.begin(), news.rows.end(),
                   [](const trace::Row& a, const trace::Row& b) { return a.message->time < b.message->time; });
  news.mark = next.to_string();
  return news;
}

}  // namespace connectord::fleet
