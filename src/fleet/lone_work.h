#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stop_token>
#include <thread>

#include "connectord/base/mutex.h"

namespace connectord::fleet {

// Of what a health document says of an error, in bytes.
inline constexpr std::size_t max_reason = 4'000;

// How long to wait until a database that was not to be had is tried again: doubling, and never the same for many hosts
// that lost one at once. Of one thread.
class Pause {
 public:
  std::chrono::milliseconds next() {
    const std::chrono::milliseconds most = now_;
    now_ = std::min(now_ * 2, longest);
    std::uniform_int_distribution<std::int64_t> between(most.count() / 2, most.count());
    return std::chrono::milliseconds(between(random_));
  }
  void reset() { now_ = shortest; }

 private:
  static constexpr std::chrono::milliseconds shortest{1'000};
  static constexpr std::chrono::milliseconds longest{30'000};
  std::chrono::milliseconds now_ = shortest;
  std::minstd_rand random_{std::random_device{}()};
};

// What a thread does with the database, which a name server may hold up for longer than a stop can wait. The thread
// shares the work with whoever stops it, and goes on with it by itself if it must. Thread-safe.
class LoneWork {
 public:
  // Ends the thread; false if it does not end in time, and was let go.
  bool end(std::jthread& thread) {
    constexpr std::chrono::milliseconds enough{2'000};
    thread.request_stop();
    if (!wait_for_end(enough)) {
      thread.detach();
      return false;
    }
    thread.join();
    return true;
  }

 protected:
  ~LoneWork() = default;

  // The thread's last word.
  void note_end() {
    const base::MutexLock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  void wait(const std::stop_token& stop, std::chrono::milliseconds limit) {
    const base::MutexLock lock(mutex_);
    changed_.wait_for(mutex_, stop, limit, []() { return false; });
  }

 private:
  bool wait_for_end(std::chrono::milliseconds limit) {
    const base::MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, limit, [this]() REQUIRES(mutex_) { return ended_; });
  }

  base::Mutex mutex_;
  base::ConditionVariable changed_;
  bool ended_ GUARDED_BY(mutex_) = false;
};

}  // namespace connectord::fleet
