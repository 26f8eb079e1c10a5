#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectord/trace/entry.h"
#include "index_batch.h"
#include "message_table.h"
#include "posting_cursor.h"
#include "recent_queue_ids.h"
#include "sqlite.h"
#include "state_table.h"

namespace connectord::trace {

// What messages are found by, and how much mail there was: the tables `posting`, `volume` and `hour`. They are written
// some time after the messages, in batches that are sorted first, since that is several times cheaper than an index
// that is kept at each insertion. Belongs to one thread. Throws sqlite::Error; wants a transaction around what writes,
// but for write_some().
class SearchIndex {
 public:
  SearchIndex(sqlite::Database& database, StateTable& state, MessageTable& messages);

  // A message that was just inserted.
  void note_inserted(std::int64_t message, std::string_view queue_id, Stage stage);
  // A message went on under another queue ID.
  void add_queue_id(std::int64_t message, const std::string& queue_id);
  // To the sums that a message has been counted in already, if it has.
  void add_bytes(std::int64_t message, std::int64_t bytes);

  // Calls `is_wanted` with messages that may have this queue ID, newest first, until it returns true.
  void find_by_queue_id(const std::string& queue_id, const std::function<bool(std::int64_t)>& is_wanted);

  // Writes some of the postings and volumes of the next messages that have none, in a transaction of its own. True if
  // there is more to do for those messages.
  bool write_some();
  // Messages without postings.
  std::size_t unindexed() const { return unindexed_; }
  std::int64_t indexed_to() const { return indexed_to_; }
  // Forgets what is remembered of a transaction that was rolled back.
  void reload();

 private:
  void gather(IndexBatch& batch);
  void add_rules(const sqlite::Statement& message, IndexBatch& batch);
  const std::string& name_of_rule(std::int64_t number);
  void add_recipients(IndexBatch& batch, std::int64_t message, std::int64_t recipients, model::Action action);
  void write_postings(IndexBatch& batch);
  void insert_posting(const IndexBatch::Posting& posting);
  void finish_batch();

  sqlite::Database& database_;
  StateTable& state_;
  MessageTable& messages_;
  PostingCursor postings_;
  sqlite::Statement insert_posting_;
  std::int64_t indexed_to_ = 0;
  std::size_t unindexed_ = 0;
  std::optional<IndexBatch> batch_;                           // that is being written
  std::unordered_map<std::int64_t, std::string> rule_names_;  // by the number of the pattern
  RecentQueueIds recent_;                                     // of the messages that were answered as a whole
};

}  // namespace connectord::trace
