#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "connectord/base/mutex.h"
#include "connectord/log/logger.h"
#include "connectord/probe/report.h"
#include "connectord/runtime/policy_store.h"
#include "connectord/smtp/network.h"

namespace connectord::probe {

// Validates connectors of the running configuration when somebody asks the daemon, and keeps the results. Nobody can
// use it to trouble others: one validation at a time, of each connector one in `pause`, and never a message.
// Thread-safe.
class OnDemand {
 public:
  struct Question {
    Direction direction = Direction::outbound;
    std::string connector;
    std::string recipient;  // as in OutboundOptions
    std::string sender;
  };
  struct Refused {
    std::string reason;
    std::chrono::seconds again{1};  // when to ask again
  };

  static constexpr std::chrono::seconds pause{10};
  static constexpr std::chrono::seconds longest{50};  // of one validation, and a step

  // The referred to must outlive it. `network` is for tests.
  OnDemand(const runtime::PolicyStore& policies, log::Logger& log,
           std::unique_ptr<smtp::Network> network = smtp::make_network());

  // Blocks, for `longest` and a step.
  tl::expected<Report, Refused> validate(const Question& question);
  // Makes what is under way end soon.
  void stop();

 private:
  class Turn;

  tl::expected<void, Refused> begin(const Question& question);
  tl::expected<Report, Refused> run(const runtime::Generation& generation, const Question& question);

  const runtime::PolicyStore& policies_;
  log::Logger& log_;
  std::unique_ptr<smtp::Network> network_;
  base::Mutex mutex_;
  bool busy_ GUARDED_BY(mutex_) = false;
  // Of those within `pause`.
  std::map<std::string, std::chrono::steady_clock::time_point> last_ GUARDED_BY(mutex_);
};

}  // namespace connectord::probe
