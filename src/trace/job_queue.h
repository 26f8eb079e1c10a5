#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "sqlite_writer.h"

namespace connectord::trace {

// One thing to be written, and the thread that waits for it.
struct Job {
  using Value = std::variant<std::int64_t, Recorded, std::string>;
  using Result = tl::expected<Value, std::string>;
  // May be called again, where the transaction around it was rolled back.
  using Work = std::function<Value(SqliteWriter&)>;

  Work work;
  Result result = tl::unexpected(std::string());

 private:
  friend class JobQueue;
  enum class State { waiting, taken, done };
  State state = State::waiting;
  std::size_t bytes = 0;
  std::condition_variable changed;
};

using Jobs = std::vector<std::shared_ptr<Job>>;

// Group commit. A thread that finds nobody writing writes by itself, what others have brought meanwhile included; all
// others wait until theirs is done, or it is their turn. So a lone message needs no other thread to wake up, and many
// at once become one transaction. Bounded in number, bytes and time. Thread-safe.
class JobQueue {
 public:
  // `write` gives each job its result. It is never called by two threads at once.
  JobQueue(std::size_t most, std::chrono::milliseconds wait, std::function<void(const Jobs&)> write)
      : most_(most), wait_(wait), write_(std::move(write)) {}

  void open();
  // From here on every job fails with this reason. Returns when those that were waiting are done.
  void close(std::string reason);

  // Returns when the job is done. On failure says why it was not, or may not have been.
  Job::Result perform(std::size_t bytes, Job::Work work);

  // Does something while nobody writes; before those who wait to.
  void alone(const std::function<void()>& work);

 private:
  void write_waiting(std::unique_lock<std::mutex>& lock);
  void let_next();

  const std::size_t most_;
  const std::chrono::milliseconds wait_;
  const std::function<void(const Jobs&)> write_;
  std::mutex mutex_;
  Jobs waiting_;
  std::size_t bytes_ = 0;
  bool busy_ = false;  // somebody writes
  bool someone_wants_to_be_alone_ = false;
  std::condition_variable free_;
  std::string closed_ = "the trace is not open";
};

}  // namespace connectord::trace
