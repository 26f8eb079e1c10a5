#include "feed_journal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "connectord/base/hexadecimal.h"

namespace connectord::trace {
namespace {

constexpr std::int64_t removed_per_step = 5'000;
// A second place may fall back behind what it has confirmed: a replica takes over that had not got the last.
constexpr std::int64_t held_reports = 100'000;

enum class FeedColumn : std::uint8_t { kind, message, time, digest, queue_id };
constexpr auto feed_columns = std::to_array<std::string_view>({"kind", "message", "time", "digest", "queue_id"});

std::optional<std::int64_t> number_in_state(sqlite::Database& database, const char* name) {
  return database.integer(std::string("SELECT value FROM state WHERE name = '") + name + "'");
}

std::string text_in_state(sqlite::Database& database, const char* name) {
  sqlite::Statement find(database, "SELECT value FROM state WHERE name = ?1");
  return find.bind_text(1, name).step() ? find.string() : std::string();
}

void set_in_state(sqlite::Database& database, const char* name, std::int64_t value) {
  sqlite::Statement set(
      database, "INSERT INTO state(name, value) VALUES (?1,?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value");
  set.bind_text(1, name).bind(2, value).run();
}

// A row that was removed may have had the highest number.
std::int64_t highest_row(sqlite::Database& database) {
  const auto last = database.integer("SELECT id + recipients - 1 FROM message ORDER BY id DESC LIMIT 1");
  return std::max(last.value_or(0), number_in_state(database, "indexed_to").value_or(0));
}

void begin_feed(sqlite::Database& database) {
  sqlite::Transaction transaction(database);
  set_in_state(database, "feed_from", highest_row(database));
  if (text_in_state(database, "feed_file").empty()) {
    std::string bytes(16, '\0');
    sqlite3_randomness(static_cast<int>(bytes.size()), bytes.data());
    sqlite::Statement add(database, "INSERT INTO state(name, value) VALUES ('feed_file', ?1)");
    const std::string name = base::to_hex(bytes);
    add.bind_text(1, name).run();
  }
  transaction.commit();
}

void end_feed(sqlite::Database& database) {
  database.execute(
      "BEGIN IMMEDIATE; DELETE FROM state WHERE name IN ('feed_from', 'feed_row', 'feed_report'); DELETE FROM feed; "
      "COMMIT");
}

}  // namespace

void choose_feed(sqlite::Database& database, FeedChoice choice) {
  const bool is_on = number_in_state(database, "feed_from").has_value();
  if (choice == FeedChoice::on && !is_on) begin_feed(database);
  if (choice == FeedChoice::off && is_on) end_feed(database);
}

FeedSource feed_source(sqlite::Database& database) {
  FeedSource source;
  source.file = text_in_state(database, "feed_file");
  source.from = number_in_state(database, "feed_from").value_or(0);
  source.last_row = highest_row(database);
  source.last_time = database.integer("SELECT time FROM message ORDER BY id DESC LIMIT 1").value_or(0);
  source.last_report = database.integer("SELECT max(id) FROM feed").value_or(0);
  source.noted.row = number_in_state(database, "feed_row").value_or(source.from);
  source.noted.report = number_in_state(database, "feed_report").value_or(0);
  return source;
}

FeedJournal::FeedJournal(sqlite::Database& database)
    : database_(database),
      is_on_(number_in_state(database, "feed_from").has_value()),
      insert_(database, sqlite::insert_into("feed", feed_columns)) {}

void FeedJournal::add_delivery(std::int64_t message, std::int64_t time, std::int64_t digest) {
  if (!is_on_) return;
  insert_.bind(FeedColumn::kind, static_cast<std::int64_t>(FeedKind::delivery))
      .bind(FeedColumn::message, message)
      .bind(FeedColumn::time, time)
      .bind(FeedColumn::digest, digest)
      .bind(FeedColumn::queue_id, std::string_view())
      .run();
}

void FeedJournal::add_requeueing(std::int64_t message, const std::string& queue_id) {
  if (!is_on_) return;
  insert_.bind(FeedColumn::kind, static_cast<std::int64_t>(FeedKind::requeueing))
      .bind(FeedColumn::message, message)
      .bind(FeedColumn::time, std::optional<std::int64_t>())
      .bind(FeedColumn::digest, std::optional<std::int64_t>())
      .bind(FeedColumn::queue_id, queue_id)
      .run();
}

void FeedJournal::add_size(std::int64_t message) {
  if (!is_on_) return;
  insert_.bind(FeedColumn::kind, static_cast<std::int64_t>(FeedKind::size))
      .bind(FeedColumn::message, message)
      .bind(FeedColumn::time, std::optional<std::int64_t>())
      .bind(FeedColumn::digest, std::optional<std::int64_t>())
      .bind(FeedColumn::queue_id, std::string_view())
      .run();
}

bool FeedJournal::note(const FeedCursor& cursor) {
  if (!is_on_) return false;
  sqlite::Transaction transaction(database_);
  set_in_state(database_, "feed_row", cursor.row);
  set_in_state(database_, "feed_report", cursor.report);
  const std::int64_t last = cursor.report - held_reports;
  const std::int64_t oldest = database_.integer("SELECT min(id) FROM feed").value_or(last + 1);
  const std::int64_t end = std::min(last, oldest + removed_per_step);
  if (end >= oldest) database_.execute(("DELETE FROM feed WHERE id <= " + std::to_string(end)).c_str());
  transaction.commit();
  return end < last;
}

// What rows take is reckoned by their share of the file.
std::optional<std::int64_t> FeedJournal::oldest_held(std::uint64_t max_bytes) {
  if (!is_on_) return std::nullopt;
  const FeedSource source = feed_source(database_);
  const std::int64_t next = source.noted.row + 1;
  const auto oldest = database_.integer("SELECT min(id) FROM message");
  if (!oldest || next > source.last_row) return next;
  const std::int64_t pages =
      database_.integer("PRAGMA page_count").value_or(0) - database_.integer("PRAGMA freelist_count").value_or(0);
  const std::int64_t bytes = pages * database_.integer("PRAGMA page_size").value_or(0);
  const std::int64_t of_one = std::max<std::int64_t>(bytes / (source.last_row - *oldest + 1), 1);
  const auto room = static_cast<std::int64_t>(std::min<std::uint64_t>(max_bytes, std::uint64_t{1} << 62U)) / of_one;
  return std::max(next, source.last_row - room + 1);
}

}  // namespace connectord::trace
