#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "connectord/base/mutex.h"
#include "connectord/log/logger.h"
#include "connectord/trace/store.h"
#include "store_error.h"

namespace connectord::trace {

// The subject of the log's lines about the store.
inline constexpr std::string_view store_subject = "trace";

// Whether the trace can be written now, and if not, why. The log has one line when an outage begins and one when it is
// over. On a disk that is nearly full, small entries still find room and others do not: outages that follow soon after
// one that the log has are counted, and have a line only if they last. Thread-safe. What logs must not be called under
// a lock that others wait for.
class StoreHealth {
 public:
  // `clock` returns milliseconds since 1970.
  StoreHealth(std::string file, std::function<std::int64_t()> clock, log::Logger& log)
      : file_(std::move(file)), clock_(std::move(clock)), log_(log) {}

  bool has_outage() const { return has_outage_.load(std::memory_order_relaxed); }
  // Fails with the reason of the outage, if there is one.
  StoreResult<> check() const;
  // Logs, if the log does not have this outage yet, nor one that began within the last minute.
  void begin_outage(const std::string& reason);
  // Logs, if there is an outage that the log has.
  void end_outage();
  // One more entry that could not be kept.
  void count_failure() { failures_.fetch_add(1, std::memory_order_relaxed); }
  // A file of the trace was removed or replaced once more.
  void count_loss();
  Condition condition() const;

 private:
  // Whether the log is to have the outage now; then it counts as having it.
  bool take_to_log() REQUIRES(mutex_);

  const std::string file_;
  const std::function<std::int64_t()> clock_;
  log::Logger& log_;
  std::atomic<bool> has_outage_ = false;
  std::atomic<std::uint64_t> failures_ = 0;
  mutable base::Mutex mutex_;
  std::string reason_ GUARDED_BY(mutex_);
  bool is_logged_ GUARDED_BY(mutex_) = false;        // the beginning of the outage
  std::int64_t last_logged_ GUARDED_BY(mutex_) = 0;  // milliseconds since 1970
  std::uint64_t not_logged_ GUARDED_BY(mutex_) = 0;  // outages since then that the log has not
  std::chrono::steady_clock::time_point since_ GUARDED_BY(mutex_);
  Condition condition_ GUARDED_BY(mutex_);  // but for its reason
};

}  // namespace connectord::trace
