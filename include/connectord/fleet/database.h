#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "connectord/model/configuration.h"

// What the hosts of a fleet have in common, as whoever administers it sees it. One thread at a time uses a Database;
// each call waits for the server for a bounded time. Errors are whole sentences, with all that the server has said.
namespace connectord::fleet {

// Beyond it the loader would not read a host's own copy.
inline constexpr std::size_t max_document = std::size_t{64} << 20U;

// One state of the fleet's connectors and rules, which never changes.
struct Generation {
  std::int64_t n = 0;
  std::int64_t made = 0;  // seconds since 1970
  std::string who;
  std::string comment;
  std::string sha256;    // of the document, in hexadecimal
  std::string document;  // TOML; empty where it was not asked for
};

// Which generation counts: `trial` for the host `trial_host` alone, `n` for all others.
struct Current {
  std::int64_t n = 0;
  std::int64_t newest = 0;  // that there is
  std::optional<std::int64_t> trial{};
  std::string trial_host{};
};

struct HostStatus {
  std::string name;
  std::string version;
  std::int64_t seen_ago = 0;  // seconds
  bool has_left = false;
  std::int64_t clock_ahead_ms = 0;
  std::optional<std::int64_t> generation{};   // that runs there
  std::string generation_error{};             // why it does not have the one that counts, in full; empty: it has
  std::int64_t waiting_rows = 0;              // of the trace, on the host
  std::optional<std::int64_t> waiting_for{};  // seconds since the oldest of them that is not here was kept
  std::int64_t dropped_rows = 0;
  std::string trace_error{};
};

// The rows of who has not been seen for that long are shown as such, and nobody waits for it.
inline constexpr std::int64_t gone_after = 300;

// Why a change was not made.
struct NotApplied {
  bool is_outdated = false;  // there is a newer generation than the one that the change was made from
  bool is_in_doubt = false;  // the connection was lost while it was made: it may be there
  std::string reason;
};

class Database {
 public:
  // Reads [fleet] and the file with the password. `address` counts in place of fleet.database where it is not empty.
  // The limit is that of each statement; a stop ends all waits.
  static tl::expected<Database, std::string> open(const model::Configuration& configuration,
                                                  const std::string& address = {},
                                                  std::chrono::milliseconds statement_limit = std::chrono::seconds(30),
                                                  std::stop_token stop = {});
  // fleet.database, and the password out of its file.
  static tl::expected<std::pair<std::string, std::string>, std::string> address_of(
      const model::Configuration& configuration);
  // Connects as whoever calls, to an address alone, and makes the tables: the version that there was before.
  static tl::expected<int, std::string> migrate(const std::string& address, const std::string& password);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  tl::expected<Current, std::string> current();
  tl::expected<std::vector<HostStatus>, std::string> hosts();
  // The newest first, without documents.
  tl::expected<std::vector<Generation>, std::string> generations(int most);
  tl::expected<Generation, std::string> generation(std::int64_t n);

  struct Change {
    std::int64_t made_from = 0;  // the newest generation that whoever made the change has seen
    std::string who;
    std::string comment;
    std::string document;
    std::string canary{};  // for this host alone at first; empty: for all
  };
  // The number of the new generation. It is for the caller to have a loader look at the document first.
  tl::expected<std::int64_t, NotApplied> apply(const Change& change);
  // What one host tries out becomes all hosts'.
  tl::expected<std::int64_t, std::string> release();
  // The host of this name is no longer expected; false where there is none.
  tl::expected<bool, std::string> leave(const std::string& host);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The version of the tables that this program makes.
int schema_version_of_tables();

// Makes this host a member, if it is none yet: registers it, takes the generation that counts, and keeps it if the
// configuration loads with it. For root, who does it as the user that owns fleet.state, and for that user. The number
// of the generation. `configuration` is what `main_file` says but for the fleet's part, and has a fleet.
tl::expected<std::int64_t, std::string> take_first_generation(const std::string& main_file,
                                                              const model::Configuration& configuration);

}  // namespace connectord::fleet
