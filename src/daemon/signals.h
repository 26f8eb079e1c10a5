#pragma once

#include <chrono>
#include <csignal>
#include <optional>

namespace connectord::daemon {

// The signals a daemon is told things by, taken one at a time by the main thread. libmilter starts a thread that waits
// for SIGHUP, SIGTERM and SIGINT too and would stop the milter; the kernel prefers the process's main thread as long as
// that does not block the signal (signal(7) leaves the choice open, kernel/signal.c makes it so). Hence a handler that
// is never blocked, not even by itself, and a pipe to carry the signal out of it. One in a process, made and asked by
// the main thread.
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
