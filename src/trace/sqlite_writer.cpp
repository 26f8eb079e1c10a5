#include "sqlite_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "json_text.h"
#include "schema.h"

namespace connectord::trace {
namespace {

// Names of connectors, and words of TLS: as many as there are.
constexpr std::int64_t any_number = std::int64_t{1} << 40U;
// Beyond this number they are kept whole in each message.
constexpr std::int64_t most_patterns = 20'000;
constexpr std::int64_t most_certificates = 20'000;

constexpr const char* pragmas =
    // Readers do not hold up the writer, nor it them.
    "PRAGMA journal_mode = WAL;"
    // The end of this process loses nothing. After a power cut the file is whole, and the last moments may be missing.
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA secure_delete = FAST;"
    "PRAGMA cache_size = -16000;"
    "PRAGMA temp_store = MEMORY";

// SQLite opens what it may not write to all the same, and would leave files beside it that it may not write to later.
sqlite::Database open_to_write(const std::string& path, int lock_wait_ms) {
  sqlite::Database database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, lock_wait_ms);
  if (sqlite3_db_readonly(database.get(), "main") == 0) return database;
  const int cause = ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0 ? errno : EACCES;
  throw sqlite::Error(SQLITE_CANTOPEN, path + " cannot be opened for writing: " + std::strerror(cause));
}

int note_log_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

// SQLite would make the file readable for everybody. Not by open(2): see identity_of().
void make_trace_file(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (std::filesystem::create_directory(folder, ignored)) ::chmod(folder.c_str(), 0750);
  if (::mknod(path.c_str(), S_IFREG | 0640U, 0) == 0 || errno == EEXIST) return;
  throw sqlite::Error(SQLITE_CANTOPEN, path + " cannot be opened for writing: " + std::strerror(errno));
}

SqliteWriter::Ready::Ready(sqlite::Database& database, const std::string& path) {
  // First, so that a file that is not ours stays as it is.
  make_ready(database, path);
  database.execute(pragmas);
}

SqliteWriter::SqliteWriter(const std::string& path, int lock_wait_ms)
    : path_(path),
      database_(open_to_write(path, lock_wait_ms)),
      ready_(database_, path),
      words_(database_, "word", any_number),
      findings_(database_, "finding", most_patterns),
      certificates_(database_, "certificate", most_certificates),
      terms_(database_),
      insert_message_(database_,
                      "INSERT INTO message VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,"
                      "?20,?21,?22,?23,?24)"),
      insert_recipient_(database_, "INSERT OR IGNORE INTO recipient VALUES (?1,?2,?3,NULL,?4)"),
      insert_term_(database_, "INSERT OR IGNORE INTO term VALUES (?1,?2,?3)"),
      insert_delivery_(database_, "INSERT OR IGNORE INTO delivery VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"),
      set_state_(database_, "INSERT INTO state VALUES (?1,?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value"),
      message_(database_, "SELECT time, queue_id, recipients, size, action, rcpt_to, stage FROM message WHERE id = ?1"),
      recipients_(database_, "SELECT id, address FROM recipient WHERE id >= ?1 AND id < ?2"),
      update_status_(database_,
                     "UPDATE recipient SET status = ?2, status_time = ?3 WHERE id = ?1 AND (status_time IS NULL OR "
                     "status_time < ?3 OR (status_time = ?3 AND status = ?4))") {
  sqlite3_wal_hook(database_.get(), note_log_pages, &log_pages_);
  load_state();
}

void SqliteWriter::load_state() {
  indexed_to_ = database_.integer("SELECT value FROM state WHERE name = 'indexed_to'").value_or(0);
  spooled_to_ = trace::spooled_to(database_);
  const auto last = database_.integer("SELECT id + recipients - 1 FROM message ORDER BY id DESC LIMIT 1");
  next_id_ = 1 + std::max(last.value_or(0), indexed_to_);
  unindexed_ = static_cast<std::size_t>(
      database_.integer("SELECT count(*) FROM message WHERE id > " + std::to_string(indexed_to_)).value_or(0));
  heap_.reset();
  recent_.clear();
  sqlite::Statement tail(database_,
                         "SELECT id, queue_id FROM message WHERE id > ?1 AND queue_id IS NOT NULL AND stage = ?2");
  tail.bind(1, indexed_to_).bind(2, static_cast<std::int64_t>(Stage::message));
  while (tail.step()) recent_[tail.string(1)] = tail.integer(0);
}

void SqliteWriter::rolled_back() {
  words_.forget();
  findings_.forget();
  certificates_.forget();
  rows_of_ = 0;
  load_state();
}

// [[number of the pattern, seen], …], or the pattern itself in place of its number.
std::string SqliteWriter::stored_findings(const StoredEntry& entry) {
  std::string text;
  if (entry.findings.empty()) return text;
  JsonArray list(text);
  for (const StoredFinding& finding : entry.findings) {
    JsonArray one(list.next());
    if (const auto id = findings_.id_of(finding.pattern)) {
      one.add_number(*id);
    } else {
      one.next() += finding.pattern;
    }
    one.add(finding.seen);
  }
  return text;
}

std::int64_t SqliteWriter::insert(const StoredEntry& entry) {
  const std::int64_t id = next_id_;
  const std::string findings = stored_findings(entry);
  const bool is_alone = entry.recipients.size() == 1;
  insert_message_.bind(1, id)
      .bind(2, entry.time)
      .bind(3, static_cast<std::int64_t>(entry.stage))
      .bind(4, static_cast<std::int64_t>(entry.direction))
      .bind(5, static_cast<std::int64_t>(entry.action))
      .bind(6, entry.queue_id)
      .bind(7, entry.message_id)
      .bind_blob(8, entry.client)
      .bind_blob(9, entry.original_client)
      .bind(10, entry.helo)
      .bind(11, words_.id_of(entry.tls))
      .bind(12, words_.id_of(entry.cipher))
      .bind(13, entry.mail_from)
      .bind(14, is_alone ? std::string_view(entry.recipients.front()) : std::string_view())
      .bind(15, entry.from)
      .bind(16, entry.subject)
      .bind(17, entry.size)
      .bind(18, words_.id_of(entry.connector))
      .bind(19, entry.outbound_connectors.empty() ? words_.id_of(entry.outbound_connector)
                                                  : std::optional(several_connectors))
      .bind(20, entry.reply)
      .bind(21, static_cast<std::int64_t>(entry.recipients.size()))
      .bind(23, entry.details)
      .bind(24, findings);
  if (const auto certificate = certificates_.id_of(entry.certificate)) {
    insert_message_.bind(22, *certificate);
  } else {
    insert_message_.bind(22, entry.certificate);
  }
  insert_message_.run();
  if (!is_alone) insert_recipients(id, entry);
  next_id_ = id + static_cast<std::int64_t>(entry.recipients.size());
  ++unindexed_;
  if (!entry.queue_id.empty() && entry.stage == Stage::message) recent_[entry.queue_id] = id;
  return id;
}

void SqliteWriter::insert(std::span<const SpooledEntryPointer> spooled) {
  const std::uint64_t reached = spooled_to_;
  for (const SpooledEntryPointer& one : spooled) {
    if (one->sequence <= spooled_to_) continue;
    insert(one->entry);
    spooled_to_ = one->sequence;
  }
  if (spooled_to_ == reached) return;
  set_state_.bind_text(1, "spooled_to").bind(2, static_cast<std::int64_t>(spooled_to_)).run();
}

void SqliteWriter::insert_recipients(std::int64_t first, const StoredEntry& entry) {
  for (std::size_t i = 0; i < entry.recipients.size(); ++i) {
    insert_recipient_.bind(1, first + static_cast<std::int64_t>(i))
        .bind(2, entry.recipients[i])
        .bind(3, static_cast<std::int64_t>(entry.status))
        .bind(4, i < entry.outbound_connectors.size() ? words_.id_of(entry.outbound_connectors[i]) : std::nullopt)
        .run();
  }
}

void SqliteWriter::insert_recipient_of(std::int64_t message, Status status) {
  insert_recipient_.bind(1, message)
      .bind(2, std::string_view())
      .bind(3, static_cast<std::int64_t>(status))
      .bind(4, std::nullopt)
      .run();
}

std::string SqliteWriter::position() {
  sqlite::Statement statement(database_, "SELECT value FROM state WHERE name = 'position'");
  return statement.step() ? statement.string(0) : std::string();
}

// A statement that was not gone through to its end keeps what it reads, and with that the log.
void SqliteWriter::reset_statements() {
  sqlite3_stmt* statement = nullptr;
  while ((statement = sqlite3_next_stmt(database_.get(), statement)) != nullptr) {
    if (sqlite3_stmt_busy(statement) != 0) sqlite3_reset(statement);
  }
}

void SqliteWriter::checkpoint(int least_pages) {
  if (log_pages_ < least_pages) return;
  log_pages_ = 0;
  reset_statements();
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // A reader in the way only puts it off.
  if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED) {
    throw sqlite::Error(code, sqlite3_errmsg(database_.get()));
  }
}

void SqliteWriter::bring_in_log() {
  reset_statements();
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_FULL, nullptr, nullptr);
  if (code != SQLITE_OK) throw sqlite::Error(code, sqlite3_errmsg(database_.get()));
}

void SqliteWriter::leave_log() {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void SqliteWriter::probe() {
  database_.execute(
      "BEGIN IMMEDIATE; INSERT OR REPLACE INTO state VALUES ('probe', zeroblob(65536)); COMMIT;"
      "DELETE FROM state WHERE name = 'probe'");
}

}  // namespace connectord::trace
