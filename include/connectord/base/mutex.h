#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "connectord/base/thread_annotations.h"

// The mutex and the condition variable of this program: the standard library's, as Clang can follow them.
namespace connectord::base {

class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }
  // For a lambda that is called only where the mutex is held, which the analysis cannot see.
  void assert_held() const ASSERT_CAPABILITY(this) {}

 private:
  std::mutex mutex_;
};

// Holds the mutex while it lives.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Lets go of a mutex that is held, and takes it again at its end.
class SCOPED_CAPABILITY MutexUnlock {
 public:
  explicit MutexUnlock(Mutex& mutex) RELEASE(mutex) : mutex_(mutex) { mutex_.unlock(); }
  ~MutexUnlock() RELEASE() { mutex_.lock(); }  // the analysis's word for the end of either kind
  MutexUnlock(const MutexUnlock&) = delete;
  MutexUnlock& operator=(const MutexUnlock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits are for a condition, which is looked at while the mutex is held:
//   changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return !jobs_.empty(); });
// They return whether it holds. A request to stop ends those that have its token.
class ConditionVariable {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  template <class Condition>
  void wait(Mutex& mutex, Condition condition) REQUIRES(mutex) {
    condition_.wait(mutex, std::move(condition));
  }
  template <class Condition>
  bool wait(Mutex& mutex, const std::stop_token& stop, Condition condition) REQUIRES(mutex) {
    return condition_.wait(mutex, stop, std::move(condition));
  }
  template <class Condition>
  bool wait_for(Mutex& mutex, std::chrono::milliseconds limit, Condition condition) REQUIRES(mutex) {
    return condition_.wait_for(mutex, limit, std::move(condition));
  }
  template <class Condition>
  bool wait_for(Mutex& mutex, const std::stop_token& stop, std::chrono::milliseconds limit, Condition condition)
      REQUIRES(mutex) {
    return condition_.wait_for(mutex, stop, limit, std::move(condition));
  }
  template <class Condition>
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline, Condition condition) REQUIRES(mutex) {
    return condition_.wait_until(mutex, deadline, std::move(condition));
  }

 private:
  std::condition_variable_any condition_;
};

}  // namespace connectord::base
