#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectord/log/logger.h"

namespace connectord::daemon {

// The service manager's watchdog (WatchdogSec= in systemd.service(5)): reports this process to be alive as long as all
// its parts are. What does not respond is logged, and no report is made, so that the service manager starts the process
// anew. Used by the main thread.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  using Responds = std::function<bool(std::chrono::milliseconds limit)>;

  // `timeout`: how long the service manager waits for a report; std::nullopt where none waits. `report` makes one.
  Watchdog(std::optional<std::chrono::milliseconds> timeout, log::Logger& log, std::function<void()> report);

  // As systemd has started this process.
  static std::optional<std::chrono::milliseconds> timeout_of_systemd();

  void watch(std::string part, Responds responds) { parts_.emplace_back(std::move(part), std::move(responds)); }
  // How long until the parts must be asked again; std::nullopt: never.
  std::optional<std::chrono::milliseconds> until_due(Clock::time_point now) const;
  // Asks them, if that is due. Takes as long as timeout at most, and that only if all hang.
  void look(Clock::time_point now);

 private:
  bool all_respond();

  std::optional<std::chrono::milliseconds> timeout_;
  log::Logger& log_;
  std::function<void()> report_;
  std::vector<std::pair<std::string, Responds>> parts_;
  std::optional<Clock::time_point> last_;
};

}  // namespace connectord::daemon
