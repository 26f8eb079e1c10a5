#include "process_usage.h"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace connectord::bench {
namespace {

// Finer than the clock ticks of /proc/PID/stat.
std::optional<std::chrono::nanoseconds> cpu_of(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string path_of(pid_t process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

// proc(5): stime is field 15. Field 2, the program's name in parentheses, may hold anything.
std::chrono::nanoseconds system_time_of(pid_t process) {
  std::ifstream file(path_of(process, "stat"));
  std::string line;
  std::getline(file, line);
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return {};
  std::istringstream fields(line.substr(end_of_name + 1));
  constexpr int fields_between = 12;
  std::string skipped;
  for (int i = 0; i < fields_between; ++i) fields >> skipped;
  long ticks = 0;
  fields >> ticks;
  return std::chrono::nanoseconds(std::chrono::seconds(1)) * ticks / ::sysconf(_SC_CLK_TCK);
}

}  // namespace

std::optional<ProcessUsage> usage_of(pid_t process) {
  const auto cpu = cpu_of(process);
  if (!cpu) return std::nullopt;
  ProcessUsage usage{.cpu = *cpu, .system = system_time_of(process)};
  std::ifstream file(path_of(process, "status"));
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    long value = 0;
    words >> key >> value;
    if (key == "VmRSS:") usage.resident_kib = value;
    if (key == "VmHWM:") usage.peak_kib = value;
    if (key == "Threads:") usage.threads = value;
  }
  return usage;
}

}  // namespace connectord::bench
