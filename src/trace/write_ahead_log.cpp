#include "write_ahead_log.h"

namespace connectord::trace {
namespace {

int note_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

WriteAheadLog::WriteAheadLog(sqlite::Database& database) : database_(database) {
  sqlite3_wal_hook(database_.get(), note_pages, &pages_);
}

// A statement that was not stepped to its end keeps its snapshot, and with that the log.
void WriteAheadLog::reset_statements() {
  sqlite3_stmt* statement = nullptr;
  while ((statement = sqlite3_next_stmt(database_.get(), statement)) != nullptr) {
    if (sqlite3_stmt_busy(statement) != 0) sqlite3_reset(statement);
  }
}

void WriteAheadLog::checkpoint(int least_pages) {
  if (pages_ < least_pages) return;
  pages_ = 0;
  reset_statements();
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED) {
    throw sqlite::Error(code, sqlite3_errmsg(database_.get()));
  }
}

void WriteAheadLog::checkpoint_all() {
  reset_statements();
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_FULL, nullptr, nullptr);
  if (code != SQLITE_OK) throw sqlite::Error(code, sqlite3_errmsg(database_.get()));
}

void WriteAheadLog::keep_on_close() {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace connectord::trace
