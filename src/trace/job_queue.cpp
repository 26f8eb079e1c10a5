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
  std::unique_lock lock(mutex_);
  closed_ = std::move(reason);
  free_.wait(lock, [this] { return !busy_ && waiting_.empty(); });
}

Job::Result JobQueue::perform(std::size_t bytes, Job::Work work) {
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->bytes = bytes;
  const auto deadline = std::chrono::steady_clock::now() + wait_;
  std::unique_lock lock(mutex_);
  if (!closed_.empty()) return tl::unexpected(closed_);
  if (waiting_.size() >= most_ || bytes_ + bytes > most_bytes) {
    return tl::unexpected(std::string("too much is waiting to be written to the trace"));
  }
  waiting_.push_back(job);
  bytes_ += bytes;
  const auto my_turn = [&] { return job->state == Job::State::waiting && !busy_ && !someone_wants_to_be_alone_; };
  job->changed.wait_until(lock, deadline, [&] { return job->state == Job::State::done || my_turn(); });
  if (my_turn()) write_waiting(lock);
  if (job->state == Job::State::done) return std::move(job->result);
  if (job->state == Job::State::waiting) {
    std::erase(waiting_, job);
    bytes_ -= bytes;
    free_.notify_all();
    return tl::unexpected(std::string("the trace was not written in time"));
  }
  return tl::unexpected(std::string("the trace was not written in time; it may be written yet"));
}

void JobQueue::write_waiting(std::unique_lock<std::mutex>& lock) {
  busy_ = true;
  const Jobs jobs = std::exchange(waiting_, {});
  bytes_ = 0;
  for (const auto& job : jobs) job->state = Job::State::taken;
  lock.unlock();
  write_(jobs);
  lock.lock();
  busy_ = false;
  for (const auto& job : jobs) {
    job->state = Job::State::done;
    job->changed.notify_one();
  }
  let_next();
}

void JobQueue::let_next() {
  if (!someone_wants_to_be_alone_ && !waiting_.empty()) {
    waiting_.front()->changed.notify_one();
  } else {
    free_.notify_all();
  }
}

void JobQueue::alone(const std::function<void()>& work) {
  std::unique_lock lock(mutex_);
  someone_wants_to_be_alone_ = true;
  free_.wait(lock, [this] { return !busy_; });
  someone_wants_to_be_alone_ = false;
  busy_ = true;
  lock.unlock();
  work();
  lock.lock();
  busy_ = false;
  let_next();
}

}  // namespace connectord::trace
