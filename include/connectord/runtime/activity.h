#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/base/mutex.h"

namespace connectord::runtime {

// How often something happened, and when last. Times are seconds since 1970; 0 for never. Thread-safe.
class Counter {
 public:
  void count(std::int64_t now) {
    total_.fetch_add(1, std::memory_order_relaxed);
    last_.store(now, std::memory_order_relaxed);
  }
  std::uint64_t total() const { return total_.load(std::memory_order_relaxed); }
  std::int64_t last() const { return last_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> total_ = 0;
  std::atomic<std::int64_t> last_ = 0;
};

// What has been asked of this process since its start, and by whom: counted by the front ends, reported by
// health_document(). Thread-safe.
class Activity {
 public:
  struct Mta {
    std::string version;  // "Postfix 3.7.11", "Sendmail 8.17.1"
    std::string host;     // as it calls itself
  };
  // The last attempt to load a configuration. `problems` are those that kept it from being loaded.
  struct Load {
    std::int64_t loaded = 0;  // when the running configuration was
    bool failed = false;
    std::int64_t failed_at = 0;
    std::vector<std::string> problems;
  };

  Counter milter_sessions;
  Counter policy_requests;
  Counter socketmap_lookups;

  // Who began the last milter session, as it names itself; cut to a bounded length.
  void seen_mta(std::string_view version, std::string_view host) {
    constexpr std::size_t longest = 128;
    version = version.substr(0, longest);
    host = host.substr(0, longest);
    const base::MutexLock lock(mutex_);
    if (mta_.version != version) mta_.version = version;
    if (mta_.host != host) mta_.host = host;
  }
  Mta mta() const {
    const base::MutexLock lock(mutex_);
    return mta_;
  }

  void loaded(std::int64_t now) {
    const base::MutexLock lock(mutex_);
    load_ = {now, false, 0, {}};
  }
  void load_failed(std::int64_t now, std::vector<std::string> problems) {
    const base::MutexLock lock(mutex_);
    load_.failed = true;
    load_.failed_at = now;
    load_.problems = std::move(problems);
  }
  Load load() const {
    const base::MutexLock lock(mutex_);
    return load_;
  }

 private:
  mutable base::Mutex mutex_;
  Mta mta_ GUARDED_BY(mutex_);
  Load load_ GUARDED_BY(mutex_);
};

}  // namespace connectord::runtime
