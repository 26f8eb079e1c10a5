#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include "connectord/trace/sqlite_store.h"
#include "sqlite_writer.h"
#include "store_error.h"

namespace connectord::trace {

// When the work is done that nobody waits for: indexing, removal of old rows, checkpoints. Belongs to one thread, but
// for set_keep() and note_fed().
class Upkeep {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Upkeep(const SqliteOptions& options)
      : clock_(options.clock), held_(options.feed_bytes.value_or(0)), keep_(options.keep) {}

  void set_keep(std::chrono::milliseconds keep) { keep_.store(keep); }
  // How far a second place has the trace.
  void note_fed(const FeedCursor& cursor) {
    fed_row_.store(cursor.row);
    fed_report_.store(cursor.report);
  }
  // Something was just written. The newest messages are indexed when it has been quiet for a while.
  void note_work() { last_work_ = Clock::now(); }

  // Does a small step of what it is time for.
  StoreResult<> run(SqliteWriter& writer);
  // There is more to index at once.
  bool is_indexing() const { return is_indexing_; }
  // How long there is nothing to do, if nothing is written.
  std::chrono::milliseconds pause() const;

  // Indexes what is not indexed yet, as far as a short time by `now` lasts; the next start goes on with the rest.
  static StoreResult<> index_at_end(SqliteWriter& writer, const std::function<Clock::time_point()>& now = Clock::now);

 private:
  StoreResult<> index(SqliteWriter& writer);
  StoreResult<> remove_old(SqliteWriter& writer);
  StoreResult<> write_fed(SqliteWriter& writer);

  const std::function<std::int64_t()> clock_;
  const std::uint64_t held_;
  std::atomic<std::chrono::milliseconds> keep_;
  std::atomic<std::int64_t> fed_row_ = 0;
  std::atomic<std::int64_t> fed_report_ = 0;
  FeedCursor written_;  // of what was noted
  Clock::time_point next_fed_;
  Clock::time_point next_removal_;
  Clock::time_point last_work_;
  bool is_indexing_ = false;
};

}  // namespace connectord::trace
