#include "sqlite_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "retention.h"
#include "schema.h"

namespace connectord::trace {
namespace {

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

std::string not_writable(const std::string& path, int cause) {
  return path + " cannot be opened for writing: " + std::strerror(cause);
}

// SQLite opens what it may not write to all the same, and would leave files beside it that it may not write to later.
StoreResult<> check_is_writable(sqlite::Database& database, const std::string& path) {
  if (sqlite3_db_readonly(database.get(), "main") == 0) return {};
  return unavailable(not_writable(path, ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0 ? errno : EACCES));
}

}  // namespace

// SQLite would make the file readable for everybody. Not by open(2): see identity_of().
StoreResult<> make_trace_file(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (std::filesystem::create_directory(folder, ignored)) ::chmod(folder.c_str(), 0750);
  if (::mknod(path.c_str(), S_IFREG | 0640U, 0) == 0 || errno == EEXIST) return {};
  return unavailable(not_writable(path, errno));
}

StoreResult<std::unique_ptr<SqliteWriter>> SqliteWriter::open(const std::string& path, int lock_wait_ms,
                                                              FeedChoice feed) {
  return sqlite::guarded([&]() -> StoreResult<std::unique_ptr<SqliteWriter>> {
    sqlite::Database database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, lock_wait_ms);
    // The schema first, so that a file that is not ours stays as it is.
    const auto ready = check_is_writable(database, path).and_then([&] { return make_ready(database, path); });
    if (!ready) return tl::unexpected(ready.error());
    database.execute(pragmas);
    choose_feed(database, feed);
    return std::unique_ptr<SqliteWriter>(new SqliteWriter(std::move(database)));
  });
}

SqliteWriter::SqliteWriter(sqlite::Database database)
    : database_(std::move(database)),
      log_(database_),
      state_(database_),
      messages_(database_),
      index_(database_, state_, messages_),
      feed_(database_),
      joiner_(database_, messages_, index_, feed_),
      last_ingested_(trace::last_ingested(database_)) {}

StoreResult<> SqliteWriter::transact(const std::function<void(SqliteWriter&)>& work) {
  auto done = sqlite::guarded([&] {
    sqlite::Transaction transaction(database_);
    work(*this);
    transaction.commit();
  });
  if (done) return done;
  // What else fails meanwhile matters less than what failed first.
  [[maybe_unused]] const auto reloaded = sqlite::guarded([this] { reload(); });
  return done;
}

// After a rollback.
void SqliteWriter::reload() {
  messages_.reload();
  index_.reload();
  joiner_.reload();
  last_ingested_ = trace::last_ingested(database_);
}

void SqliteWriter::insert(const StoredEntry& entry) {
  index_.note_inserted(messages_.insert(entry), entry.queue_id, entry.stage);
}

void SqliteWriter::insert(std::span<const SpooledEntryPointer> spooled) {
  const std::uint64_t before = last_ingested_;
  for (const SpooledEntryPointer& one : spooled) {
    if (one->sequence <= last_ingested_) continue;
    insert(one->entry);
    last_ingested_ = one->sequence;
  }
  if (last_ingested_ != before) state_.set_last_ingested(last_ingested_);
}

Recorded SqliteWriter::record(const StoredBatch& batch) {
  Recorded recorded;
  // A caller that gave up waiting hands in the same batch again.
  if (!batch.position.empty() && batch.position == position()) return recorded;
  const auto count = [&recorded](bool matched) { ++(matched ? recorded.matched : recorded.unknown); };
  for (const StoredEntry& refusal : batch.refusals) insert(refusal);
  for (const Queued& queued : batch.queued) count(joiner_.record(queued));
  for (const Requeueing& child : batch.children) count(joiner_.record(child));
  for (const Delivery& delivery : batch.deliveries) count(joiner_.record(delivery));
  // What others than the log's reader tell has no position.
  if (!batch.position.empty()) state_.set_position(batch.position);
  return recorded;
}

StoreResult<bool> SqliteWriter::index_some() {
  auto done = sqlite::guarded([this] { return index_.write_some(); });
  if (!done) [[maybe_unused]]
    const auto reloaded = sqlite::guarded([this] { reload(); });
  return done;
}

StoreResult<bool> SqliteWriter::remove_some(std::int64_t before, std::uint64_t held) {
  return sqlite::guarded(
      [&] { return trace::remove_some(database_, before, index_.indexed_to(), feed_.oldest_held(held)); });
}

StoreResult<bool> SqliteWriter::note_fed(const FeedCursor& cursor) {
  return sqlite::guarded([&] { return feed_.note(cursor); });
}

StoreResult<> SqliteWriter::checkpoint(int least_pages) {
  return sqlite::guarded([&] { log_.checkpoint(least_pages); });
}

StoreResult<> SqliteWriter::checkpoint_all() {
  return sqlite::guarded([this] { log_.checkpoint_all(); });
}

StoreResult<> SqliteWriter::probe() {
  return sqlite::guarded([this] { state_.probe(); });
}

}  // namespace connectord::trace
