#include "connectord/dns/workers.h"

#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace connectord::dns {
namespace {

class Pool : public Workers {
 public:
  explicit Pool(const WorkersLimits& limits) : limits_(limits) {
    for (std::size_t i = 0; i < limits_.threads; ++i) threads_.emplace_back([this] { work(); });
  }

  ~Pool() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  bool submit(const std::string& share, Job job) override {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || waiting_ >= limits_.most_waiting) return false;
      auto& jobs = shares_[share];
      if (jobs.size() >= limits_.most_of_share) return false;
      if (jobs.empty()) turns_.push_back(share);
      jobs.push_back(std::move(job));
      ++waiting_;
    }
    changed_.notify_one();
    return true;
  }

 private:
  void work() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // signals are the main thread's
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
      if (stopping_) return;
      Job job = take();
      lock.unlock();
      job();
      job = {};  // what it holds ends without the lock too
      lock.lock();
    }
  }

  // Under the lock: the first job of the share whose turn it is, which then stands behind all others.
  Job take() {
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
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::deque<Job>> shares_;  // none of them empty
  std::deque<std::string> turns_;                  // each of the shares once
  std::size_t waiting_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // last, so that all they use is there
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
