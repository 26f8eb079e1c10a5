#pragma once

#include <functional>
#include <memory>

#include "connectord/log/logger.h"
#include "connectord/probe/report.h"
#include "connectord/runtime/policy_store.h"

namespace connectord::probe {

// Validates the enabled outbound connectors every validation.every, one after the other, on a thread of its own; keeps
// the results, and reports changes in the log and by mail (validation.mail_to). Follows the running configuration.
// Connectors whose hosts are known only by a recipient's domain are left out. Once an hour it looks where the MX
// records of our own domains lead (exchangers.h).
class Schedule {
 public:
  // Called after each validation, on the schedule's thread: for metrics.
  using Finished = std::function<void(const Report&)>;

  // The referred to must outlive it.
  Schedule(const runtime::PolicyStore& policies, log::Logger& log, Finished finished = {});
  ~Schedule();
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  void start();
  // The configuration is another one now.
  void reloaded();
  // Ends soon, also in the middle of a validation.
  void stop();

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace connectord::probe
