#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "connectord/base/acting_as.h"
#include "connectord/trace/sqlite_store.h"
#include "file_owner.h"
#include "readers.h"
#include "row_reader.h"
#include "schema.h"
#include "spool.h"
#include "sqlite.h"
#include "sqlite_search.h"
#include "state_table.h"

namespace connectord::trace {
namespace {

constexpr int lock_wait_ms = 2000;

constexpr std::int64_t hours_of(Interval interval) {
  constexpr std::int64_t hours_a_day = 24;
  return interval == Interval::day ? hours_a_day : 1;
}

// The column of `volume`, and of `message`, by which a report is made.
std::string column_of(Grouping by) {
  switch (by) {
    case Grouping::connector:
      return "connector";
    case Grouping::outbound_connector:
      return "outbound_connector";
    case Grouping::direction:
      return "direction";
    case Grouping::tls:
      return "tls";
    case Grouping::action:
      break;
  }
  return "action";
}

// All that one call sees is of one moment.
class Snapshot {
 public:
  explicit Snapshot(sqlite::Database& database) : database_(database) { database_.execute("BEGIN"); }
  ~Snapshot() { sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  sqlite::Database& database_;
};

// Before SQLite opens it: SQLite would wait for a pipe.
StoreResult<> check_is_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    return S_ISREG(status.st_mode) ? StoreResult<>() : unavailable(path + " is not a regular file");
  }
  if (errno != ENOENT) return unavailable(path + ": " + std::strerror(errno));
  return unavailable(path + ": there is no trace; connectord makes it when it starts with [trace]");
}

// For root too, although the file may belong to another user, and hold anything.
StoreResult<sqlite::Database> open_to_read(const std::string& path) {
  return check_is_file(path).and_then([&path] {
    return sqlite::guarded([&path]() -> StoreResult<sqlite::Database> {
      sqlite::Database database(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, lock_wait_ms);
      constexpr int max_value_length = 64 << 20;
      sqlite3_limit(database.get(), SQLITE_LIMIT_LENGTH, max_value_length);
      sqlite3_db_config(database.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
      sqlite3_db_config(database.get(), SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
      if (const auto known = check_version(database, path); !known) return tl::unexpected(known.error());
      return database;
    });
  });
}

enum class AttemptColumn : std::uint8_t {
  queue_id,
  time,
  status,
  relay,
  enhanced,
  tls,
  text,
  delay,
  row,
  address,
};
constexpr const char* attempts_sql =
    "SELECT queue_id, time, status, relay, enhanced, tls, text, delay, row, address FROM delivery "
    "WHERE message = ?1 ORDER BY time";

enum class ChildColumn : std::uint8_t { queue_id, time };
constexpr const char* children_sql = "SELECT queue_id, time FROM child WHERE message = ?1 ORDER BY time";

// Sums of whole hours, and of the newest messages, which are in none of those yet.
std::string report_sql(const ReportQuery& query) {
  const std::string column = column_of(query.by);
  const std::string hours = std::to_string(hours_of(query.interval));
  const std::string time = query.interval == Interval::whole ? "?1" : "hour / " + hours + " * " + hours;
  const std::string indexed =
      "SELECT hour, " + column + " AS wanted, messages, recipients, bytes FROM volume WHERE hour >= ?1 AND hour < ?2";
  const std::string newest = "SELECT time / 3600000, coalesce(" + column +
                             ", 0), 1, recipients, coalesce(size, 0) FROM message "
                             "WHERE id > ?3 AND time / 3600000 >= ?1 AND time / 3600000 < ?2";
  return "SELECT " + time + ", wanted, sum(messages), sum(recipients), sum(bytes) FROM (" + indexed + " UNION ALL " +
         newest + ") GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2";
}
enum class SumColumn : std::uint8_t { time, group, messages, recipients, bytes };

class SqliteArchive : public Archive {
 public:
  explicit SqliteArchive(std::string path) : path_(std::move(path)) {}
  ~SqliteArchive() override { disconnect(); }
  SqliteArchive(const SqliteArchive&) = delete;
  SqliteArchive& operator=(const SqliteArchive&) = delete;

  tl::expected<void, std::string> open() {
    const base::MutexLock lock(slot_->in_use);
    return with_rights([this] { return connect(); }).map_error(to_reason);
  }

  tl::expected<Page, std::string> search(const Query& query) override {
    return read([&] { return SqliteSearch(database(), messages(), query).run(); });
  }

  tl::expected<std::optional<MessageTraceDetail>, std::string> detail(std::int64_t row) override {
    return read([&] { return read_detail(row); });
  }

  tl::expected<std::int64_t, std::string> last_row() override {
    return read([&] {
      return database().integer("SELECT id + recipients - 1 FROM message ORDER BY id DESC LIMIT 1").value_or(0);
    });
  }

  tl::expected<Report, std::string> report(const ReportQuery& query) override {
    return read([&] { return read_report(query); });
  }

 private:
  // All below is called while the slot is in use.
  sqlite::Database& database() const {
    slot_->in_use.assert_held();
    return slot_->connection->database;
  }
  MessageReader& messages() const {
    slot_->in_use.assert_held();
    return slot_->connection->messages;
  }

  StoreResult<> connect() {
    slot_->in_use.assert_held();
    if (slot_->connection) return {};
    return check_files_of_writers()
        .and_then([this] { return open_to_read(path_); })
        .and_then([this](sqlite::Database database) {
          return sqlite::guarded([&] {
            slot_->in_use.assert_held();
            slot_->connection = std::make_unique<ReadingConnection>(std::move(database));
          });
        });
  }

  // SQLite removes files when the last connection ends, so that takes no more rights than the beginning.
  void disconnect() {
    const base::MutexLock lock(slot_->in_use);
    [[maybe_unused]] const auto done = with_rights([this] {
      slot_->in_use.assert_held();
      slot_->connection.reset();
    });
  }

  // As root, with the rights of whoever could put another file in the place of the trace.
  template <class Work>
  auto with_rights(Work&& work) -> decltype(sqlite::guarded(work)) {
    const auto owner = owner_of_way_to(path_);
    if (!owner) return unavailable(owner.error());
    return sqlite::guarded([&] {
      const base::ActingAs acting(*owner);
      if (!acting.is_in_force())
        throw std::system_error(errno, std::generic_category(),
                                "cannot take the rights of user " + std::to_string((*owner)->uid));
      return work();
    });
  }

  template <class Read>
  auto read(Read&& read) -> tl::expected<decltype(read()), std::string> {
    give_way_to_writers();
    const base::MutexLock lock(slot_->in_use);
    return with_rights([&] {
             return connect().and_then([&] {
               ingest_leftover_spool(path_, [this] { return last_ingested(database()); });
               return sqlite::guarded([&] {
                 const Snapshot snapshot(database());
                 return read();
               });
             });
           })
        .map_error([](const StoreError& error) { return "the trace cannot be read: " + error.reason; });
  }

  std::optional<MessageTraceDetail> read_detail(std::int64_t row) {
    sqlite::Statement find(database(), select_messages() + " WHERE m.id <= ?1 ORDER BY m.id DESC LIMIT 1");
    if (!find.bind(1, row).step()) return std::nullopt;
    const auto message = messages().read(find);
    if (row >= message->id + message->recipients) return std::nullopt;
    MessageTraceDetail detail;
    RowReader rows(database(), messages(), std::nullopt, RowReader::Order::lowest_first);
    rows.begin(message, find.text(MessageColumn::rcpt_to), {});
    while (auto one = rows.next()) detail.rows.push_back(std::move(*one));
    read_attempts(message->id, detail);
    sqlite::Statement children(database(), children_sql);
    children.bind(1, message->id);
    while (children.step()) {
      detail.children.push_back({.queue_id = message->queue_id,
                                 .child_queue_id = children.string(ChildColumn::queue_id),
                                 .time = children.integer(ChildColumn::time)});
    }
    return detail;
  }

  void read_attempts(std::int64_t id, MessageTraceDetail& detail) {
    sqlite::Statement find(database(), attempts_sql);
    find.bind(1, id);
    while (find.step()) {
      Attempt& attempt = detail.attempts.emplace_back();
      attempt.row = find.integer(AttemptColumn::row);
      Delivery& delivery = attempt.delivery;
      delivery.queue_id = find.string(AttemptColumn::queue_id);
      delivery.time = find.integer(AttemptColumn::time);
      delivery.status = model::stored_value<Status>(find.integer(AttemptColumn::status));
      delivery.relay = find.string(AttemptColumn::relay);
      delivery.enhanced = find.string(AttemptColumn::enhanced);
      delivery.tls = find.string(AttemptColumn::tls);
      delivery.text = find.string(AttemptColumn::text);
      delivery.delay = find.integer(AttemptColumn::delay);
      delivery.address = find.string(AttemptColumn::address);
      const auto row = std::find_if(detail.rows.begin(), detail.rows.end(),
                                    [&attempt](const Row& one) { return one.id == attempt.row; });
      delivery.recipient = row == detail.rows.end() ? delivery.address : row->rcpt_to;
    }
  }

  Report read_report(const ReportQuery& query) {
    Report report;
    const std::int64_t first = query.since / hour_ms;
    const std::int64_t end = (query.until + hour_ms - 1) / hour_ms;
    report.since = first * hour_ms;
    report.until = end * hour_ms;
    sqlite::Statement sums(database(), report_sql(query));
    sums.bind(1, first).bind(2, end).bind(3, indexed_to(database()));
    while (sums.step()) {
      report.volumes.push_back({.time = sums.integer(SumColumn::time) * hour_ms,
                                .group = group_name(query.by, sums.integer(SumColumn::group)),
                                .messages = static_cast<std::uint64_t>(sums.integer(SumColumn::messages)),
                                .recipients = static_cast<std::uint64_t>(sums.integer(SumColumn::recipients)),
                                .bytes = static_cast<std::uint64_t>(sums.integer(SumColumn::bytes))});
    }
    return report;
  }

  std::string group_name(Grouping by, std::int64_t number) {
    if (by == Grouping::direction) return std::string(to_string(model::stored_value<Direction>(number)));
    if (by == Grouping::action) return std::string(model::to_string(model::stored_value<model::Action>(number)));
    if (number == several_connectors) return "several";
    const std::string& word = messages().word(number);
    return word.empty() ? "none" : word;
  }

  const std::string path_;
  const std::shared_ptr<ReaderSlot> slot_ = make_reader_slot();
};

}  // namespace

tl::expected<std::unique_ptr<Archive>, std::string> open_sqlite_archive(const std::string& path) {
  auto archive = std::make_unique<SqliteArchive>(path);
  if (auto opened = archive->open(); !opened) {
    const bool names_file = opened.error().starts_with(path);
    return tl::unexpected(names_file ? opened.error() : path + ": " + opened.error());
  }
  return archive;
}

}  // namespace connectord::trace
