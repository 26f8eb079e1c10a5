#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

namespace connectord::bench {

// What a process has used so far.
struct ProcessUsage {
  std::chrono::nanoseconds cpu{};     // user and system, of all its threads, those that have ended too
  std::chrono::nanoseconds system{};  // the kernel's part of it, to the clock tick
  long resident_kib = 0;
  long peak_kib = 0;
  long threads = 0;
};

// std::nullopt where there is no such process, or it is another user's.
std::optional<ProcessUsage> usage_of(pid_t process);

}  // namespace connectord::bench
