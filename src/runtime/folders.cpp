#include "connectord/runtime/folders.h"

#include <filesystem>
#include <vector>

namespace connectord::runtime {
namespace {

using Expected = tl::expected<void, std::string>;
using Path = std::filesystem::path;

// All that connectord may have in a folder, whether it is asked for now or not: connectorctl has its part in it too.
std::vector<std::string> names_in(const Path& folder, const model::Configuration& configuration) {
  std::vector<std::string> kept = {configuration.validation.state, configuration.reports.state,
                                   configuration.delivery.state,   configuration.server.audit_log,
                                   configuration.server.mail_key,  configuration.server.history};
  // What somebody does not want to see for a while lies beside the history (insights/mutes.h).
  kept.push_back((Path(configuration.server.history).parent_path() / "insights.json").string());
  if (configuration.trace) kept.push_back(configuration.trace->file());
  if (configuration.fleet) kept.push_back(configuration.fleet->state);
  std::vector<std::string> names;
  for (const Path path : kept) {
    if (path.parent_path() == folder && path.has_filename()) names.push_back(path.filename().string());
  }
  return names;
}

std::vector<std::string> files_of_trace(const std::string& file) {
  return {file, file + "-wal", file + "-shm", file + "-spool"};
}

// The folder of `files`, the first of which is the one that `key` names.
Expected hand_over_folder_of(const std::vector<std::string>& files, const char* key,
                             const model::Configuration& configuration, const base::Account& account) {
  const Path folder = Path(files.front()).parent_path();
  net::KeptFolder kept{.path = folder.empty() ? "." : folder.string(), .key = key};
  kept.names = names_in(folder, configuration);
  for (const std::string& file : files) kept.files.push_back(Path(file).filename().string());
  return net::hand_over(kept, account);
}

}  // namespace

Expected hand_over(Kept what, const model::Configuration& configuration, const base::Account& account) {
  switch (what) {
    case Kept::trace:
      if (!configuration.trace) return {};
      return hand_over_folder_of(files_of_trace(configuration.trace->file()), "trace.store", configuration, account);
    case Kept::audit_log:
      return hand_over_folder_of({configuration.server.audit_log}, "server.audit_log", configuration, account);
    case Kept::history:
      return hand_over_folder_of({configuration.server.history}, "server.history", configuration, account);
    case Kept::mail_key:
      return hand_over_folder_of({configuration.server.mail_key}, "server.mail_key", configuration, account);
    case Kept::reports:
      // A file for each day.
      return net::hand_over({.path = configuration.reports.state, .key = "reports.state", .names = {"dmarc"}}, account);
    case Kept::policies:
      return net::hand_over({.path = configuration.delivery.state, .key = "delivery.state", .names = {"policies"}},
                            account);
    case Kept::fleet:
      if (!configuration.fleet) return {};
      // Who only looks at the configuration reads the copy too.
      return net::hand_over({.path = configuration.fleet->state,
                             .key = "fleet.state",
                             .mode = 0755,
                             .names = {"host-id", "generation", "current"}},
                            account);
    case Kept::results:
      break;
  }
  // It has a file for each connector, named after the direction.
  return net::hand_over({.path = configuration.validation.state,
                         .key = "validation.state",
                         .mode = 0755,
                         .names = {"inbound", "outbound"}},
                        account);
}

Expected hand_over_all(const model::Configuration& configuration, const base::Account& account) {
  // The folders of reports and results lie within the others' by default, and are out of root's reach once that is the
  // account's.
  Expected done;
  if (configuration.reports.dmarc) done = hand_over(Kept::reports, configuration, account);
  if (done && configuration.asks_destinations()) done = hand_over(Kept::policies, configuration, account);
  if (done) done = hand_over(Kept::fleet, configuration, account);
  const bool validates = configuration.validation.enabled && !configuration.outbound.empty();
  if (done && (configuration.server.api || validates)) {
    done = hand_over(Kept::results, configuration, account);
  }
  if (done && configuration.server.api) done = hand_over(Kept::audit_log, configuration, account);
  if (done && configuration.writes_mail()) done = hand_over(Kept::mail_key, configuration, account);
  if (done) done = hand_over(Kept::trace, configuration, account);
  return done;
}

}  // namespace connectord::runtime
