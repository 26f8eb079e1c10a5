#include "connectord/trace/named_row.h"

#include "connectord/base/number.h"
#include "connectord/trace/row_name.h"

namespace connectord::trace {
namespace {

constexpr std::size_t max_rows = 100;
constexpr std::size_t max_others = 3;

// The first rows of the messages that are found, newest first.
tl::expected<std::vector<std::int64_t>, std::string> messages_of(Archive& archive, Query query) {
  query.limit = max_rows;
  const auto page = archive.search(query);
  if (!page) return tl::unexpected(page.error());
  std::vector<std::int64_t> messages;
  for (const Row& row : page->rows) {
    if (messages.empty() || messages.back() != row.message->id) messages.push_back(row.message->id);
  }
  return messages;
}

}  // namespace

std::string row_name(const Row& row) {
  const std::string number = std::to_string(row_of_host(row.id));
  return row.message->host.empty() ? number : row.message->host + "-" + number;
}

std::optional<std::int64_t> Archive::row_named(const std::string& name) {
  return base::whole_number<std::int64_t>(name);
}

tl::expected<std::optional<NamedRow>, std::string> find_named_row(Archive& archive, const std::string& name) {
  std::vector<std::int64_t> found;
  if (const auto number = archive.row_named(name)) {
    const auto story = archive.detail(*number);
    if (!story) return tl::unexpected(story.error());
    if (*story) found.push_back(*number);
  }
  for (std::string Query::*field : {&Query::queue_id, &Query::message_id}) {
    Query query;
    query.*field = name;
    const auto messages = messages_of(archive, query);
    if (!messages) return tl::unexpected(messages.error());
    found.insert(found.end(), messages->begin(), messages->end());
  }
  if (found.empty()) return std::optional<NamedRow>();
  NamedRow named{found.front(), {}};
  for (std::size_t i = 1; i < found.size() && i <= max_others; ++i) {
    if (found[i] != named.row) named.others.push_back(found[i]);
  }
  return named;
}

}  // namespace connectord::trace
