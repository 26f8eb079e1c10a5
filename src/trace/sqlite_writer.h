#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "connectord/trace/store.h"
#include "delivery_joiner.h"
#include "feed_journal.h"
#include "message_table.h"
#include "search_index.h"
#include "spool_record.h"
#include "sqlite.h"
#include "state_table.h"
#include "write_ahead_log.h"

namespace connectord::trace {

// A LogBatch with its refusals as they lie in the file.
struct StoredBatch {
  std::vector<Queued> queued;
  std::vector<Requeueing> children;
  std::vector<Delivery> deliveries;
  std::vector<StoredEntry> refusals;
  std::string position;
};

// Makes an empty file where there is none, and its folder, readable for owner and group.
StoreResult<> make_trace_file(const std::string& path);

// All that writes to a trace's file, over one connection. Belongs to one thread.
class SqliteWriter {
 public:
  // The file must be there. `lock_wait_ms` is how long a lock of another connection is waited for.
  static StoreResult<std::unique_ptr<SqliteWriter>> open(const std::string& path, int lock_wait_ms,
                                                         FeedChoice feed = FeedChoice::as_it_is);
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  sqlite::Database& database() { return database_; }

  // Does that work in one transaction. Where it fails nothing of it is in the file.
  StoreResult<> transact(const std::function<void(SqliteWriter&)>& work);

  // These are for the work of transact(), and throw sqlite::Error.
  // Also notes how far the file has what was in the spool. What it has already is passed over.
  void insert(std::span<const SpooledEntryPointer> spooled);
  Recorded record(const StoredBatch& batch);
  std::string position() { return state_.position(); }

  // These have transactions of their own. What was done before a failure is kept.
  // Some of the postings and volumes of messages that have none. True if there is more to do for those messages.
  StoreResult<bool> index_some();
  // Removes some of what is older than `before`, but for what waits for a second place and takes no more than `held`
  // bytes. True if there is more to remove.
  StoreResult<bool> remove_some(std::int64_t before, std::uint64_t held);
  // How far a second place has all of it. True if there is more to remove of what was noted for it.
  StoreResult<bool> note_fed(const FeedCursor& cursor);
  StoreResult<> checkpoint(int least_pages);
  StoreResult<> checkpoint_all();
  // Writes as much as shows that there is space.
  StoreResult<> probe();

  // What is in the write-ahead log stays there when this ends.
  void keep_log_on_close() { log_.keep_on_close(); }
  // Messages without postings.
  std::size_t unindexed() const { return index_.unindexed(); }
  // The number of the last entry that came from the spool.
  std::uint64_t last_ingested() const { return last_ingested_; }

 private:
  explicit SqliteWriter(sqlite::Database database);

  void insert(const StoredEntry& entry);
  void reload();

  sqlite::Database database_;
  WriteAheadLog log_;
  StateTable state_;
  MessageTable messages_;
  SearchIndex index_;
  FeedJournal feed_;
  DeliveryJoiner joiner_;
  std::uint64_t last_ingested_ = 0;
};

}  // namespace connectord::trace
