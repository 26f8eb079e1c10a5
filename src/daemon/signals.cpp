#include "signals.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

// libmilter's: a thread of it waits for SIGHUP, SIGTERM and SIGINT, and stops the milter at each. While that thread
// starts, it can take a signal that was meant for the main thread. The program's own definition comes before the C
// library's for every library that it is linked to, and lets that thread wait for nothing.
extern "C" int sigwait(const sigset_t* /*set*/, int* /*signal*/) {
  for (;;) ::pause();
}

namespace connectord::daemon {
namespace {

constexpr std::array handled = {SIGHUP, SIGTERM, SIGINT};

std::array<int, 2> signal_pipe = {-1, -1};  // NOLINT: a signal handler has nothing else to write to

void on_signal(int signal) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal);
  [[maybe_unused]] const auto written = ::write(signal_pipe[1], &byte, 1);
  errno = saved;
}

sigset_t handled_set() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : handled) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals() {
  [[maybe_unused]] const int made = ::pipe2(signal_pipe.data(), O_CLOEXEC | O_NONBLOCK);
  const sigset_t set = handled_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_NODEFER | SA_RESTART;
  for (const int signal : handled) ::sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  // A connection that is gone, and a file that may not grow, are errors of the write to it.
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::sigaction(signal, &action, nullptr);
}

void Signals::open() {
  const sigset_t set = handled_set();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<int> Signals::wait(std::optional<std::chrono::milliseconds> limit) {
  pollfd readable{signal_pipe[0], POLLIN, 0};
  const int milliseconds = limit ? static_cast<int>(limit->count()) : -1;
  for (;;) {
    unsigned char byte = 0;
    if (::read(signal_pipe[0], &byte, 1) == 1) return byte;
    const int ready = ::poll(&readable, 1, milliseconds);
    if (ready == 0) return std::nullopt;
  }
}

void Signals::raise_here(int signal) {
  on_signal(signal);
}

}  // namespace connectord::daemon
