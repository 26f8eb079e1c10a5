#pragma once

#include <memory>

#include "connectord/log/logger.h"
#include "connectord/outbox/sender.h"
#include "connectord/runtime/policy_store.h"

namespace connectord::reporting {

// Sends the reports of [reports] at their time, on a thread of its own, and tries again what failed. What was missed
// while no daemon ran goes out when one starts. Follows the running configuration.
class Schedule {
 public:
  // The referred to must outlive it.
  Schedule(const runtime::PolicyStore& policies, log::Logger& log, std::shared_ptr<outbox::Sender> sender);
  ~Schedule();
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  void start();
  // The configuration is another one now.
  void reloaded();
  // Ends soon, also in the middle of a round: within the hand-over of one report.
  void stop();

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace connectord::reporting
