#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <thread>
#include <tl/expected.hpp>

#include "connectord/fleet/database.h"
#include "connectord/model/configuration.h"
#include "connectord/runtime/reloader.h"

namespace connectord::fleet {

// What a host knows of its part in the fleet, without asking anybody.
struct MemberState {
  std::string host{};      // by which name the fleet knows it
  std::string database{};  // where, without a password
  bool is_connected = false;
  std::int64_t last_contact = 0;         // with the database, seconds since 1970; 0: none since the start
  std::int64_t away_since = 0;           // without a connection, likewise; 0: there is one
  std::string database_error{};          // why there is no connection, in full; empty where there is one
  std::int64_t generation = 0;           // that runs here
  std::optional<std::int64_t> wanted{};  // that counts for this host, as far as it knows
  std::string generation_error{};        // why that does not run here, a line for each problem; empty: it does
  std::int64_t failing_since = 0;        // since when it does not, seconds since 1970
};

// For the health document. Times are in UTC; what is not known is null.
nlohmann::ordered_json to_json(const MemberState& state);

// Has this host's configuration follow the fleet's generations, on a thread of its own: it waits for the database's
// notification, and looks every few seconds besides, since notifications may be lost. A generation that does not load
// here changes nothing; the database has the reason then. Mail never waits for any of it. Thread-safe.
class Follower {
 public:
  struct Setup {
    // What the process was started with; it has a fleet.
    model::Configuration configuration;
    runtime::Reloader& reloader;
    log::Logger& log;
    std::chrono::milliseconds poll{15'000};
  };

  explicit Follower(Setup setup);
  ~Follower();

  void start();
  // Waits for the thread, but not long: it may hang where libpq looks up a name.
  void stop();
  // The files of this host may be better now: what did not load is tried again.
  void look_again();

  // For a change that somebody makes on this host, and that loads here: makes it the next generation, and this host's
  // own copy. Waits for the database for some seconds. On failure says why, and nothing has changed.
  tl::expected<void, std::string> change(const Database::Change& change) const;

  MemberState state() const;

 private:
  class Work;
  std::shared_ptr<Work> work_;
  std::jthread thread_;
};

}  // namespace connectord::fleet
