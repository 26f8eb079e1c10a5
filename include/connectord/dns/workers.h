#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace connectord::dns {

// Who runs what answers from DNS have set going, so that the resolver's thread only hands them on. Thread-safe.
class Workers {
 public:
  using Job = std::function<void()>;

  virtual ~Workers() = default;
  // Runs the job soon, on another thread. Jobs of different shares take turns, so that no share waits for all that
  // another one has in hand. False, and the job is dropped, where too many wait already.
  virtual bool submit(const std::string& share, Job job) = 0;
};

struct WorkersLimits {
  std::size_t threads = 2;
  std::size_t max_waiting = 4096;
  std::size_t max_of_share = 512;  // waiting, of one share, so that nobody fills the queue alone
};

// As many threads as the machine has processors, two at least and eight at most.
WorkersLimits workers_of_machine();

// Threads that run nothing else. Their end drops the jobs that wait and waits for those that run; it must not happen in
// one of them. A job must not throw.
std::unique_ptr<Workers> make_workers(const WorkersLimits& limits);

}  // namespace connectord::dns
