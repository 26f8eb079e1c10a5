#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "connectord/log/logger.h"
#include "connectord/trace/sqlite_store.h"
#include "job_queue.h"
#include "sqlite_writer.h"

namespace connectord::trace {

// Keeps a writer at work: opens the file, tries again where that fails, sets a damaged one aside, and tells the log
// when trouble begins and when it is over. For one thread at a time, but for what is said to be for any.
class SqliteKeeper {
 public:
  SqliteKeeper(const SqliteOptions& options, log::Logger& log) : options_(options), log_(log) {}

  void try_to_open();
  // All in one transaction. Each job has its result afterwards.
  void perform(const Jobs& jobs);
  // For what nobody waits for. Opens the file again where it is time to.
  void maintain(const std::function<void(SqliteWriter&)>& work);
  void close(const std::function<void(SqliteWriter&)>& last_work);
  // Messages without terms.
  std::size_t unindexed() const { return writer_ ? writer_->unindexed() : 0; }

  // For any thread. Why nothing can be written now; empty if something can.
  std::string trouble() const;
  // For any thread. One more thing that could not be kept.
  void count_failure() { failures_.fetch_add(1, std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;

  bool ready();
  void open();
  void perform_together(const Jobs& jobs);
  void perform_one_by_one(const Jobs& jobs);
  void fail(const Jobs& jobs, const std::string& reason);
  // True if a new file was begun.
  bool set_aside(const std::string& why);
  void note_trouble(const std::string& reason);
  void note_recovery();
  void look_after_file();

  const SqliteOptions& options_;
  log::Logger& log_;
  std::optional<SqliteWriter> writer_;
  Clock::time_point next_try_;
  Clock::time_point next_look_;
  ino_t inode_ = 0;

  mutable std::mutex mutex_;
  std::string trouble_;  // guarded by mutex_
  std::atomic<bool> troubled_ = false;
  std::atomic<std::uint64_t> failures_ = 0;
  Clock::time_point trouble_since_;
};

}  // namespace connectord::trace
