#pragma once

#include <chrono>
#include <csignal>
#include <optional>

namespace connectord::daemon {

// The signals by which a daemon is controlled, taken one at a time by the main thread. libmilter would take them too,
// and is kept from it (signals.cpp). A handler, and a pipe to carry the signal out of it. One in a process, made and
// asked by the main thread.
class Signals {
 public:
  // Blocks the signals, so that threads started from here on have them blocked.
  Signals();
  // Lets them through to the main thread.
  void open();
  // The next signal; std::nullopt when the time is over.
  std::optional<int> wait(std::optional<std::chrono::milliseconds> limit = std::nullopt);

  // Ends a wait() from any thread, as if that signal had come.
  static void raise_here(int signal);
};

}  // namespace connectord::daemon
