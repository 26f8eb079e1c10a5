#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>

#include "connectord/log/logger.h"
#include "connectord/model/configuration.h"
#include "connectord/trace/sqlite_store.h"

namespace connectord::fleet {

// How this host's part of the joint trace stands. Times are seconds since 1970.
struct TraceSinkState {
  bool is_writing = false;
  std::string error{};          // why it cannot be written, in full; empty: it can
  std::int64_t since = 0;       // when that began
  std::int64_t last_write = 0;  // 0: none since the start
  std::int64_t sent = 0;        // rows, since the start
  std::int64_t waiting = 0;     // rows that are not in the database
  std::int64_t lag = 0;         // seconds since the oldest of them was kept; 0: none waits
  std::int64_t lost = 0;        // rows that waited for longer than they were kept
  std::int64_t last_loss = 0;   // 0: none since the start
  std::int64_t rejected = 0;    // rows that the database does not take, and that are in its table "rejected"
  std::int64_t last_rejection = 0;
  std::string rejected_because{};  // the last one, in full
};

// For the health document. Times are in UTC; what has not happened is null.
nlohmann::ordered_json to_json(const TraceSinkState& state);

// Writes this host's trace to the joint one, on a thread of its own: it reads back what the trace's file has, and notes
// in the database, together with the rows, how far that is. Mail never waits for it. Thread-safe.
class TraceSink {
 public:
  // `configuration` has a fleet and a trace, and `store` keeps that, for a second place. `changed` is told of each
  // change, by the thread.
  TraceSink(const model::Configuration& configuration, trace::SqliteStore& store, log::Logger& log,
            std::function<void(const TraceSinkState&)> changed);
  ~TraceSink();

  void start();
  // Waits for the thread, but not long: it may hang where libpq looks up a name. What was not sent stays.
  void stop();
  TraceSinkState state() const;

 private:
  class Work;
  std::shared_ptr<Work> work_;
  std::jthread thread_;
};

}  // namespace connectord::fleet
