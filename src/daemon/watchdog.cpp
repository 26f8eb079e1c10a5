#include "watchdog.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

namespace connectord::daemon {
namespace {

using Milliseconds = std::chrono::milliseconds;

// Two looks may fail before the service manager's timeout is at its end.
constexpr int looks = 3;

}  // namespace

Watchdog::Watchdog(std::optional<Milliseconds> timeout, log::Logger& log, std::function<void()> report)
    : timeout_(timeout), log_(log), report_(std::move(report)) {}

std::optional<Milliseconds> Watchdog::timeout_of_systemd() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::duration_cast<Milliseconds>(std::chrono::microseconds(microseconds));
}

std::optional<Milliseconds> Watchdog::until_due(Clock::time_point now) const {
  if (!timeout_) return std::nullopt;
  if (!last_) return Milliseconds(0);
  const auto gone = std::chrono::duration_cast<Milliseconds>(now - *last_);
  return std::max(Milliseconds(0), *timeout_ / looks - gone);
}

void Watchdog::look(Clock::time_point now) {
  if (!timeout_ || *until_due(now) > Milliseconds(0)) return;
  last_ = now;
  if (all_respond()) report_();
}

// Every part is asked, so that the log has all that hang.
bool Watchdog::all_respond() {
  const Milliseconds limit = *timeout_ / looks / static_cast<int>(std::max<std::size_t>(parts_.size(), 1));
  bool all = true;
  for (const auto& [part, responds] : parts_) {
    if (responds(limit)) continue;
    log_.error("watchdog", "a part of connectord does not respond; if it stays so, systemd starts connectord anew",
               {{"part", part}, {"waited_ms", std::to_string(limit.count())}});
    all = false;
  }
  return all;
}

}  // namespace connectord::daemon
