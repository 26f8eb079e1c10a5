#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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

// Hands jobs of many threads to the one that writes. Bounded in number, bytes and time. Thread-safe.
class JobQueue {
 public:
  JobQueue(std::size_t most, std::chrono::milliseconds wait) : most_(most), wait_(wait) {}

  void open();
  // From here on every job fails with this reason; those that are waiting are still done.
  void close(std::string reason);

  // Waits until the job is done. On failure says why it was not, or may not have been.
  Job::Result perform(std::size_t bytes, Job::Work work);

  // For the one thread: all that waits, at the latest after `pause`, then perhaps nothing. std::nullopt when the queue
  // is closed and empty.
  std::optional<Jobs> take(std::chrono::milliseconds pause);
  // Their results are there.
  void finish(const Jobs& jobs);

 private:
  const std::size_t most_;
  const std::chrono::milliseconds wait_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  Jobs waiting_;
  std::size_t bytes_ = 0;
  std::string closed_ = "the trace is not open";
};

}  // namespace connectord::trace
