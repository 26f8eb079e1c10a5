#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "connectord/base/mutex.h"

namespace connectord::base {

// Lets so many in at a time. Thread-safe.
class Gate {
 public:
  explicit Gate(std::size_t places) : places_(places) {}

  // Whoever has a pass is in until it ends, also by an exception.
  struct Leaver {
    void operator()(Gate* gate) const { gate->leave(); }
  };
  using Pass = std::unique_ptr<Gate, Leaver>;

  // Waits until a place is free.
  Pass enter() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return places_ > 0; });
    --places_;
    return Pass(this);
  }

  // Empty where no place became free until then.
  Pass enter(std::chrono::steady_clock::time_point deadline) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    const bool is_free = changed_.wait_until(mutex_, deadline, [this]() REQUIRES(mutex_) { return places_ > 0; });
    if (is_free) --places_;
    return Pass(is_free ? this : nullptr);
  }

 private:
  void leave() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    ++places_;
    changed_.notify_one();
  }

  Mutex mutex_;
  ConditionVariable changed_;
  std::size_t places_ GUARDED_BY(mutex_);
};

}  // namespace connectord::base
