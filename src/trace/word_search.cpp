#include "word_search.h"

#include <map>
#include <utility>

#include "sqlite_search.h"

namespace connectord::trace {
namespace {

// Each search has found the first rows of its own, so the first of all are among these.
Page first_rows(std::map<std::int64_t, Row>&& found, bool there_are_more, const Query& query) {
  Page page;
  const auto take = [&](auto begin, auto end) {
    for (; begin != end && page.rows.size() < query.limit; ++begin) page.rows.push_back(std::move(begin->second));
  };
  query.after ? take(found.begin(), found.end()) : take(found.rbegin(), found.rend());
  const bool is_cut = there_are_more || found.size() > page.rows.size();
  if (is_cut && !page.rows.empty()) page.next = std::to_string(page.rows.back().id);
  return page;
}

}  // namespace

std::vector<Query> readings_of_word(const Query& query) {
  std::vector<Query> readings;
  Query plain = query;
  const std::string word = std::exchange(plain.word, {});
  for (std::string Query::*field : {&Query::sender, &Query::recipient, &Query::author, &Query::message_id,
                                    &Query::queue_id, &Query::connector, &Query::rule}) {
    // "none" is no connector, and would find all that has none.
    if (!(query.*field).empty() || (field == &Query::connector && word == "none")) continue;
    readings.push_back(plain);
    readings.back().*field = word;
  }
  const auto client = net::AddressRange::parse(word);
  if (!query.client && client) {
    readings.push_back(plain);
    readings.back().client = *client;
  }
  return readings;
}

Page search_by_word(sqlite::Database& database, MessageReader& reader, const Query& query) {
  std::map<std::int64_t, Row> found;
  bool there_are_more = false;
  for (const Query& reading : readings_of_word(query)) {
    Page page = SqliteSearch(database, reader, reading).run();
    there_are_more = there_are_more || !page.next.empty();
    for (Row& row : page.rows) found.emplace(row.id, std::move(row));
  }
  return first_rows(std::move(found), there_are_more, query);
}

}  // namespace connectord::trace
