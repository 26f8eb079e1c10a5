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

namespace connectord::trace {

// Of the log's lines about the store.
inline constexpr std::string_view store_subject = "trace";

// Whether the trace can be written now, and if not, why. The log has one line when trouble begins and one when it is
// over. Thread-safe.
class Trouble {
 public:
  // `clock` tells milliseconds since 1970.
  Trouble(std::string file, std::function<std::int64_t()> clock, log::Logger& log)
      : file_(std::move(file)), clock_(std::move(clock)), log_(log) {}

  bool is_there() const { return is_there_.load(std::memory_order_relaxed); }
  // Empty where there is none.
  std::string reason() const;
  void begin(const std::string& reason);
  void end();
  // One more entry that could not be kept.
  void count_failure() { failures_.fetch_add(1, std::memory_order_relaxed); }
  // A file of the trace was removed or replaced once more.
  void count_loss();
  Condition condition() const;

 private:
  const std::string file_;
  const std::function<std::int64_t()> clock_;
  log::Logger& log_;
  std::atomic<bool> is_there_ = false;
  std::atomic<std::uint64_t> failures_ = 0;
  mutable base::Mutex mutex_;
  std::string reason_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point since_ GUARDED_BY(mutex_);
  Condition condition_ GUARDED_BY(mutex_);  // but for its reason
};

}  // namespace connectord::trace
