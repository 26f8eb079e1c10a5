#include "job_queue.h"

#include <algorithm>
#include <utility>

namespace connectord::trace {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20U;

}  // namespace

void JobQueue::open() {
  const std::scoped_lock lock(mutex_);
  closed_.clear();
}

void JobQueue::close(std::string reason) {
  const std::scoped_lock lock(mutex_);
  closed_ = std::move(reason);
  arrived_.notify_one();
}

Job::Result JobQueue::perform(std::size_t bytes, Job::Work work) {
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->bytes = bytes;
  std::unique_lock lock(mutex_);
  if (!closed_.empty()) return tl::unexpected(closed_);
  if (waiting_.size() >= most_ || bytes_ + bytes > most_bytes) {
    return tl::unexpected(std::string("too much is waiting to be written to the trace"));
  }
  waiting_.push_back(job);
  bytes_ += bytes;
  if (waiting_.size() == 1) arrived_.notify_one();
  const auto deadline = std::chrono::steady_clock::now() + wait_;
  const bool done = job->changed.wait_until(lock, deadline, [&job] { return job->state == Job::State::done; });
  if (done) return std::move(job->result);
  if (job->state == Job::State::waiting) {
    std::erase(waiting_, job);
    bytes_ -= bytes;
    return tl::unexpected(std::string("the trace was not written in time"));
  }
  return tl::unexpected(std::string("the trace was not written in time; it may be written yet"));
}

std::optional<Jobs> JobQueue::take(std::chrono::milliseconds pause) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, pause, [this] { return !waiting_.empty() || !closed_.empty(); });
  if (waiting_.empty() && !closed_.empty()) return std::nullopt;
  Jobs jobs = std::exchange(waiting_, {});
  bytes_ = 0;
  for (const auto& job : jobs) job->state = Job::State::taken;
  return jobs;
}

void JobQueue::finish(const Jobs& jobs) {
  const std::scoped_lock lock(mutex_);
  for (const auto& job : jobs) {
    job->state = Job::State::done;
    job->changed.notify_one();
  }
}

}  // namespace connectord::trace
