#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectord/trace/store.h"
#include "dictionary.h"
#include "spool_record.h"
#include "sqlite.h"
#include "term_cursor.h"
#include "term_heap.h"

namespace connectord::trace {

// A LogBatch with its refusals as they lie in the file.
struct StoredBatch {
  std::vector<Queued> queued;
  std::vector<Child> children;
  std::vector<Delivery> deliveries;
  std::vector<StoredEntry> refusals;
  std::string position;
};

// Makes an empty file where there is none, and its folder, readable for owner and group. Throws sqlite::Error.
void make_trace_file(const std::string& path);

// All that writes to a trace's file. Belongs to one thread. Throws sqlite::Error.
class SqliteWriter {
 public:
  // The file must be there.
  SqliteWriter(const std::string& path, int lock_wait_ms);
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  sqlite::Database& database() { return database_; }
  // What is remembered of a transaction that was rolled back is forgotten.
  void rolled_back();

  // These want a transaction around them.
  std::int64_t insert(const StoredEntry& entry);
  // Also notes how far the file has what was in the spool. What it has already is passed over.
  void insert(std::span<const SpooledEntryPointer> spooled);
  Recorded record(const StoredBatch& batch);

  // Writes some terms, and volumes, of the next messages that have none, in a transaction of its own. True: there is
  // more to do for those messages.
  bool index_some();
  // Messages without terms.
  std::size_t unindexed() const { return unindexed_; }

  // The number of the last entry that came from the spool.
  std::uint64_t spooled_to() const { return spooled_to_; }
  std::string position();
  // Removes some of what is older than `before`, in a transaction of its own. True: there is more to do.
  bool remove_some(std::int64_t before);
  // Brings what was written from the log into the file itself, if there is enough of it.
  void checkpoint(int least_pages);
  // All that is in the log, whatever has become of the log's name; waits for readers. Call it where nothing else can
  // have written to the file.
  void bring_in_log();
  // What is in the log stays there when this ends.
  void leave_log();
  // Writes as much as to know that there is space.
  void probe();

 private:
  struct Known {
    std::int64_t id = 0;
    std::int64_t recipients = 0;
    bool has_size = false;
    Status first_status = Status::getting_status;
    std::string rcpt_to{};  // where there is but one recipient
  };

  void load_state();
  void reset_statements();
  void gather(TermHeap& heap);
  void add_bytes(std::int64_t message, std::int64_t bytes);
  void add_recipients(TermHeap& heap, std::int64_t first, std::int64_t last);
  void forget_heap();
  void insert_recipients(std::int64_t first, const StoredEntry& entry);
  // The row of a message's only recipient, where it is not there yet.
  void insert_recipient_of(std::int64_t message, Status status);
  std::string stored_findings(const StoredEntry& entry);

  std::optional<Known> find_message(const std::string& queue_id, std::int64_t time);
  std::optional<Known> if_queued(std::int64_t id, const std::string& queue_id, std::int64_t time);
  void load_rows(const Known& message);
  std::optional<std::int64_t> find_row(const std::string& recipient) const;
  std::optional<std::int64_t> find_unqualified(const Delivery& delivery) const;
  std::optional<std::int64_t> row_of(const Known& message, Delivery& delivery);
  bool record(const Queued& queued);
  bool record(const Child& child);
  bool record(Delivery delivery);
  void set_status_of_all(const Known& message, const Delivery& delivery);

  bool remove_messages(std::int64_t before_id);
  bool remove_terms(std::int64_t before_id);

  std::string path_;
  sqlite::Database database_;
  struct Ready {
    Ready(sqlite::Database& database, const std::string& path);
  } ready_;  // before the statements, which need the tables
  Dictionary words_;
  Dictionary findings_;
  Dictionary certificates_;
  TermCursor terms_;
  sqlite::Statement insert_message_;
  sqlite::Statement insert_recipient_;
  sqlite::Statement insert_term_;
  sqlite::Statement insert_delivery_;
  sqlite::Statement set_state_;
  sqlite::Statement message_;
  sqlite::Statement recipients_;
  sqlite::Statement update_status_;
  std::int64_t next_id_ = 1;
  std::int64_t indexed_to_ = 0;
  std::size_t unindexed_ = 0;
  std::uint64_t spooled_to_ = 0;
  int log_pages_ = 0;
  std::optional<TermHeap> heap_;  // whose terms are being written
  // Queue IDs of the messages that were answered as a whole and have no terms yet, the newest of each.
  std::unordered_map<std::string, std::int64_t> recent_;
  // The rows of the message that was asked for last, since deliveries of one message come together.
  std::int64_t rows_of_ = 0;
  std::unordered_map<std::string, std::int64_t> rows_;
  std::unordered_map<std::string, std::int64_t> rows_by_local_part_;  // 0 where there are several
};

}  // namespace connectord::trace
