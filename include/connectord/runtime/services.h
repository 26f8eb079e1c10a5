#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "connectord/base/time.h"
#include "connectord/dns/workers.h"
#include "connectord/log/logger.h"
#include "connectord/runtime/activity.h"
#include "connectord/runtime/configuration_history.h"
#include "connectord/runtime/live_sessions.h"
#include "connectord/runtime/metrics.h"
#include "connectord/runtime/policy_store.h"
#include "connectord/trace/store.h"

namespace connectord::delivery {
class Advisor;
}
namespace connectord::inspect {
class Unpacker;
}
namespace connectord::outbox {
class Key;
class Sender;
}  // namespace connectord::outbox

namespace connectord::runtime {

// What all sessions share. The referred to must outlive them.
struct Services {
  PolicyStore& policies;
  LiveSessions& live;
  log::Logger& log;
  // Seconds since 1970, by which signatures expire.
  std::function<std::int64_t()> unix_time = [] { return base::unix_time(); };
  // Where every final answer is kept before it is given; nullptr: nowhere.
  trace::Store* trace = nullptr;
  // Since 1970, for the trace.
  std::function<std::int64_t()> unix_milliseconds = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  // Who works on what DNS brings between the events of a message; nullptr: nobody, it is left for the message's end.
  dns::Workers* workers = nullptr;
  // Opens the archives among attachments that rules ask about; nullptr: these cannot be looked into.
  std::shared_ptr<const inspect::Unpacker> unpacker{};
  // By which this host knows again what it has written or said itself; nullptr: it does not.
  std::shared_ptr<const outbox::Key> mail_key{};
  // Hands over mail that rules have written; nullptr: none is handed over.
  std::shared_ptr<outbox::Sender> outbox{};
  // Knows what destinations publish about their TLS; nullptr: nobody asks.
  std::shared_ptr<delivery::Advisor> advisor{};
  // What front ends count.
  std::shared_ptr<Activity> activity = std::make_shared<Activity>();
  std::shared_ptr<Metrics> metrics = std::make_shared<Metrics>();
  // What runs, and what it was before.
  std::shared_ptr<ConfigurationHistory> history = std::make_shared<ConfigurationHistory>();
};

}  // namespace connectord::runtime
