#include "connectord/dns/workers.h"

#include <signal.h>

#include <algorithm>
#include <deque>
#include <map>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "connectord/base/mutex.h"

namespace connectord::dns {
namespace {

class Pool : public Workers {
 public:
  explicit Pool(const WorkersLimits& limits) : limits_(limits) {
    for (std::size_t i = 0; i < limits_.threads; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
  }

  ~Pool() override {
    // All of them, before the first one is waited for.
    for (auto& thread : threads_) thread.request_stop();
  }

  bool submit(const std::string& share, Job job) override {
    {
      const base::MutexLock lock(mutex_);
      if (waiting_ >= limits_.max_waiting) return false;
      auto& jobs = shares_[share];
      if (jobs.size() >= limits_.max_of_share) return false;
      if (jobs.empty()) turns_.push_back(share);
      jobs.push_back(std::move(job));
      ++waiting_;
    }
    changed_.notify_one();
    return true;
  }

 private:
  void work(const std::stop_token& stop) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // signals are the main thread's
    while (Job job = next(stop)) job();
  }

  // Waits for one; none when the pool ends.
  Job next(const std::stop_token& stop) {
    const base::MutexLock lock(mutex_);
    const bool is_there = changed_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return !turns_.empty(); });
    return is_there && !stop.stop_requested() ? take() : Job();
  }

  // The first job of the share whose turn it is, which then stands behind all others.
  Job take() REQUIRES(mutex_) {
    const auto found = shares_.find(turns_.front());
    turns_.pop_front();
    Job job = std::move(found->second.front());
    found->second.pop_front();
    --waiting_;
    if (found->second.empty()) {
      shares_.erase(found);
    } else {
      turns_.push_back(found->first);
    }
    return job;
  }

  const WorkersLimits limits_;
  base::Mutex mutex_;
  base::ConditionVariable changed_;
  std::map<std::string, std::deque<Job>> shares_ GUARDED_BY(mutex_);  // none of them empty
  std::deque<std::string> turns_ GUARDED_BY(mutex_);                  // each of the shares once
  std::size_t waiting_ GUARDED_BY(mutex_) = 0;
  std::vector<std::jthread> threads_;  // last, so that all they use is there
};

}  // namespace

WorkersLimits workers_of_machine() {
  constexpr std::size_t fewest = 2;
  constexpr std::size_t most = 8;
  WorkersLimits limits;
  limits.threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), fewest, most);
  return limits;
}

std::unique_ptr<Workers> make_workers(const WorkersLimits& limits) {
  return std::make_unique<Pool>(limits);
}

}  // namespace connectord::dns
