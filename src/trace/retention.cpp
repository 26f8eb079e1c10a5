#include "retention.h"

#include <algorithm>
#include <string>

#include "schema.h"
#include "terms.h"

namespace connectord::trace {
namespace {

constexpr std::int64_t messages_per_step = 500;
constexpr std::size_t removed_postings_per_step = 5'000;

bool remove_messages(sqlite::Database& database, std::int64_t before_id) {
  const auto oldest = database.integer("SELECT min(id) FROM message");
  if (!oldest || *oldest >= before_id) return false;
  const auto next = database.integer("SELECT min(id) FROM message WHERE id >= " +
                                     std::to_string(std::min(*oldest + messages_per_step, before_id)));
  const std::int64_t end = std::min(next.value_or(before_id), before_id);
  for (const char* condition :
       {"message WHERE id", "recipient WHERE id", "delivery WHERE message", "child WHERE message"}) {
    database.execute(("DELETE FROM " + std::string(condition) + " < " + std::to_string(end)).c_str());
  }
  // Its oldest are about the oldest messages, so that not all of it is gone through.
  database.execute(("DELETE FROM feed WHERE id IN (SELECT id FROM feed ORDER BY id LIMIT " +
                    std::to_string(2 * messages_per_step) + ") AND message < " + std::to_string(end))
                       .c_str());
  return end < before_id;
}

// A segment is removed when no message of it is left. Until then some of its postings lead nowhere, and they are few.
bool remove_postings(sqlite::Database& database, std::int64_t before_id) {
  const auto segment = database.integer("SELECT min(segment) FROM posting");
  if (!segment || *segment >= segment_of(before_id)) return false;
  const std::string from = "FROM posting WHERE segment = " + std::to_string(*segment);
  const auto end = database.integer("SELECT term " + from + " ORDER BY term LIMIT 1 OFFSET " +
                                    std::to_string(removed_postings_per_step));
  const std::string part = end ? " AND term < " + std::to_string(*end) : "";
  database.execute(("DELETE " + from + part).c_str());
  // A term with more than a step's postings would never be removed otherwise.
  if (end && database.changes() == 0) database.execute(("DELETE " + from).c_str());
  return true;
}

void remove_volumes(sqlite::Database& database, std::int64_t before_hour) {
  for (const char* table : {"hour", "volume", "rule_volume", "delivery_volume"}) {
    database.execute(("DELETE FROM " + std::string(table) + " WHERE hour < " + std::to_string(before_hour)).c_str());
  }
}

}  // namespace

bool remove_some(sqlite::Database& database, std::int64_t before, std::int64_t indexed_to,
                 std::optional<std::int64_t> held) {
  const std::int64_t before_hour = before / hour_ms;
  sqlite::Transaction transaction(database);
  // Rows are old if no newer hour has a lower number, so that a clock that was wrong for a while removes nothing early.
  const auto newer = database.integer("SELECT min(first_id) FROM hour WHERE hour >= " + std::to_string(before_hour));
  const auto oldest_hour = database.integer("SELECT min(hour) FROM hour");
  const std::int64_t old_until = newer.value_or(indexed_to + 1);
  const std::int64_t before_id = std::min(old_until, held.value_or(old_until));
  bool more = remove_messages(database, before_id);
  more = remove_postings(database, before_id) || more;
  if (!more && oldest_hour && *oldest_hour < before_hour) remove_volumes(database, before_hour);
  transaction.commit();
  return more;
}

}  // namespace connectord::trace
