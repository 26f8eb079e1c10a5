#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "connectord/base/acting_as.h"
#include "connectord/trace/sqlite_store.h"
#include "file_owner.h"
#include "readers.h"
#include "row_reader.h"
#include "schema.h"
#include "spool.h"
#include "sqlite.h"
#include "sqlite_search.h"

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

// For root too, although the file may belong to somebody else, and hold anything.
sqlite::Database open_to_read(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) throw sqlite::Error(SQLITE_CANTOPEN, path + ": " + std::strerror(errno));
    throw sqlite::Error(SQLITE_CANTOPEN, path + ": there is no trace; connectord makes it when it starts with [trace]");
  }
  // A pipe would be waited for.
  if (!S_ISREG(status.st_mode)) throw sqlite::Error(SQLITE_CANTOPEN, path + " is not a regular file");
  sqlite::Database database(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, lock_wait_ms);
  constexpr int longest_value = 64 << 20;
  sqlite3_limit(database.get(), SQLITE_LIMIT_LENGTH, longest_value);
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  check_version(database, path);
  return database;
}

class SqliteArchive : public Archive {
 public:
  explicit SqliteArchive(std::string path) : path_(std::move(path)) {}
  ~SqliteArchive() override { disconnect(); }
  SqliteArchive(const SqliteArchive&) = delete;
  SqliteArchive& operator=(const SqliteArchive&) = delete;

  tl::expected<void, std::string> open() {
    const std::scoped_lock lock(place_->in_use);
    return with_rights([this] { connect(); });
  }

  tl::expected<Page, std::string> search(const Query& query) override {
    return guarded([&] { return SqliteSearch(database(), messages(), query).run(); });
  }

  tl::expected<std::optional<Story>, std::string> story(std::int64_t row) override {
    return guarded([&] { return read_story(row); });
  }

  tl::expected<std::int64_t, std::string> last_row() override {
    return guarded([&] {
      return database().integer("SELECT id + recipients - 1 FROM message ORDER BY id DESC LIMIT 1").value_or(0);
    });
  }

  tl::expected<Report, std::string> report(const ReportQuery& query) override {
    return guarded([&] { return read_report(query); });
  }

 private:
  sqlite::Database& database() const { return place_->connection->database; }
  MessageReader& messages() const { return place_->connection->messages; }

  void connect() {
    if (place_->connection) return;
    check_files_of_writers();
    place_->connection = std::make_unique<ReadingConnection>(open_to_read(path_));
  }

  // SQLite removes files when the last connection ends, so that takes no more rights than the beginning.
  void disconnect() {
    const std::scoped_lock lock(place_->in_use);
    [[maybe_unused]] const auto done = with_rights([this] { place_->connection.reset(); });
  }

  // As root, with the rights of whoever could put another file in the place of the trace.
  template <class Work>
  auto with_rights(Work&& work) -> tl::expected<decltype(work()), std::string> {
    try {
      const auto owner = owner_of_way_to(path_);
      if (!owner) return tl::unexpected(owner.error());
      const base::ActingAs acting(*owner);
      if (!acting.is_in_force()) {
        return tl::unexpected("cannot take the rights of user " + std::to_string((*owner)->uid) + ": " +
                              std::strerror(errno));
      }
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        return {};
      } else {
        return work();
      }
    } catch (const std::exception& error) {
      return tl::unexpected(std::string(error.what()));
    }
  }

  template <class Read>
  auto guarded(Read&& read) -> tl::expected<decltype(read()), std::string> {
    const std::scoped_lock lock(place_->in_use);
    return with_rights([&] {
             connect();
             catch_up(path_, [this] { return spooled_to(database()); });
             const Snapshot snapshot(database());
             return read();
           })
        .map_error([](const std::string& why) { return "the trace cannot be read: " + why; });
  }

  std::optional<Story> read_story(std::int64_t row) {
    sqlite::Statement find(database(), std::string("SELECT ") + message_columns +
                                           " FROM message m WHERE m.id <= ?1 ORDER BY m.id DESC LIMIT 1");
    if (!find.bind(1, row).step()) return std::nullopt;
    const auto message = messages().read(find);
    const std::int64_t id = message->id;
    if (row >= id + message->recipients) return std::nullopt;
    Story story;
    RowReader rows(database(), messages(), std::nullopt, RowReader::Order::lowest_first);
    rows.begin(message, find.text(rcpt_to_column), {});
    while (auto one = rows.next()) story.rows.push_back(std::move(*one));
    read_attempts(id, story);
    sqlite::Statement children(database(), "SELECT queue_id, time FROM child WHERE message = ?1 ORDER BY time");
    children.bind(1, id);
    while (children.step()) {
      story.children.push_back({message->queue_id, children.string(0), children.integer(1)});
    }
    return story;
  }

  void read_attempts(std::int64_t id, Story& story) {
    sqlite::Statement find(
        database(),
        "SELECT queue_id, time, status, relay, enhanced, tls, text, delay, row, address FROM delivery "
        "WHERE message = ?1 ORDER BY time");
    find.bind(1, id);
    while (find.step()) {
      Attempt& attempt = story.attempts.emplace_back();
      attempt.row = find.integer(8);
      Delivery& delivery = attempt.delivery;
      delivery.queue_id = find.string(0);
      delivery.time = find.integer(1);
      delivery.status = status_of(find.integer(2));
      delivery.relay = find.string(3);
      delivery.enhanced = find.string(4);
      delivery.tls = find.string(5);
      delivery.text = find.string(6);
      delivery.delay = find.integer(7);
      delivery.address = find.string(9);
      const auto row = std::find_if(story.rows.begin(), story.rows.end(),
                                    [&attempt](const Row& one) { return one.id == attempt.row; });
      delivery.recipient = row == story.rows.end() ? delivery.address : row->rcpt_to;
    }
  }

  // From the sums of hours, and the newest messages, which are in none yet.
  Report read_report(const ReportQuery& query) {
    Report report;
    const std::int64_t first = query.since / hour_ms;
    const std::int64_t end = (query.until + hour_ms - 1) / hour_ms;
    report.since = first * hour_ms;
    report.until = end * hour_ms;
    const std::string column = column_of(query.by);
    const std::string hours = std::to_string(hours_of(query.interval));
    const std::string time = query.interval == Interval::whole ? "?1" : "hour / " + hours + " * " + hours;
    sqlite::Statement sums(
        database(),
        "SELECT " + time + ", wanted, sum(messages), sum(recipients), sum(bytes) FROM (SELECT hour, " + column +
            " AS wanted, messages, recipients, bytes FROM volume WHERE hour >= ?1 AND hour < ?2 UNION ALL "
            "SELECT time / 3600000, coalesce(" +
            column +
            ", 0), 1, recipients, coalesce(size, 0) FROM message WHERE id > coalesce((SELECT value FROM state "
            "WHERE name = 'indexed_to'), 0) AND time / 3600000 >= ?1 AND time / 3600000 < ?2) "
            "GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2");
    sums.bind(1, first).bind(2, end);
    while (sums.step()) {
      report.volumes.push_back({sums.integer(0) * hour_ms, group_name(query.by, sums.integer(1)),
                                static_cast<std::uint64_t>(sums.integer(2)),
                                static_cast<std::uint64_t>(sums.integer(3)),
                                static_cast<std::uint64_t>(sums.integer(4))});
    }
    return report;
  }

  std::string group_name(Grouping by, std::int64_t number) {
    if (by == Grouping::direction) return std::string(to_string(static_cast<Direction>(number)));
    if (by == Grouping::action) return std::string(model::to_string(static_cast<model::Action>(number)));
    if (number == several_connectors) return "several";
    const std::string& word = messages().word(number);
    return word.empty() ? "none" : word;
  }

  const std::string path_;
  const std::shared_ptr<ReaderPlace> place_ = make_reader_place();
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
