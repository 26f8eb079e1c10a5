#pragma once

#include <chrono>
#include <stop_token>

#include "connectord/base/mutex.h"

namespace connectord::base {

// What a thread sleeps by that works by the clock: until then, or until somebody wakes it. Thread-safe; one thread
// sleeps.
class Alarm {
 public:
  // Ends the sleep, or the next one where nobody sleeps.
  void ring() {
    {
      const MutexLock lock(mutex_);
      rung_ = true;
    }
    changed_.notify_all();
  }

  // Returns after that time, once ring() was called, or when a stop is requested; true if it was rung.
  bool sleep(std::chrono::seconds limit, const std::stop_token& stop) {
    const MutexLock lock(mutex_);
    changed_.wait_for(mutex_, stop, limit, [this]() REQUIRES(mutex_) { return rung_; });
    const bool was_rung = rung_;
    rung_ = false;
    return was_rung;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool rung_ GUARDED_BY(mutex_) = false;
};

}  // namespace connectord::base
