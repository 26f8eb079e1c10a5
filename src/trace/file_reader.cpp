#include "file_reader.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "schema.h"

namespace connectord::trace {
namespace {

constexpr int lock_wait_ms = 2000;

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

}  // namespace

StoreResult<> FileReader::connect() {
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
void FileReader::disconnect() {
  const base::MutexLock lock(slot_->in_use);
  [[maybe_unused]] const auto done = with_rights([this] {
    slot_->in_use.assert_held();
    slot_->connection.reset();
  });
}

}  // namespace connectord::trace
