#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/insights/judge.h"
#include "connectord/mta/mail_servers.h"

namespace connectord::insights {

// Where to look.
struct Sources {
  const engine::Policy& policy;          // that runs
  const mta::MailServerPlaces& places;   // of the mail server whose queue is looked at
  const nlohmann::ordered_json& health;  // of the connectord that runs; null where none does
  std::int64_t now = 0;                  // seconds since 1970
};

struct Found {
  std::vector<Insight> insights;
  // What could not be looked at, and why: "queue", "…".
  std::vector<std::pair<std::string, std::string>> not_looked_at;
};

// Reads the trace, the last validations, the queue and the ages of keys, and judges them. Bounded: four weeks of sums,
// the newest 5,000 messages of a day. Runs the mail server's programs. May take some seconds.
Found look(const Sources& sources);

// The part of that which comes from the trace.
void observe_trace(trace::Archive& archive, Observations& seen);

}  // namespace connectord::insights
