#include "connectord/session/folders.h"

#include <filesystem>
#include <vector>

namespace connectord::session {
namespace {

using Expected = tl::expected<void, std::string>;
using Path = std::filesystem::path;

// All that connectord may have in a folder, whether it is asked for now or not: connectorctl has its part in it too.
std::vector<std::string> names_in(const Path& folder, const model::Configuration& configuration) {
  std::vector<Path> kept = {configuration.validation.state, configuration.server.audit_log};
  if (configuration.trace) {
    const std::string trace = configuration.trace->file();
    for (const char* part : {"", "-wal", "-shm", "-spool"}) kept.emplace_back(trace + part);
  }
  std::vector<std::string> names;
  for (const Path& path : kept) {
    if (path.parent_path() == folder && path.has_filename()) names.push_back(path.filename().string());
  }
  return names;
}

Expected hand_over_folder_of(const std::string& file, const char* key, const model::Configuration& configuration,
                             const net::Account& account) {
  const Path folder = Path(file).parent_path();
  return net::hand_over(
      {.path = folder.empty() ? "." : folder.string(), .key = key, .names = names_in(folder, configuration)}, account);
}

}  // namespace

Expected hand_over(Kept what, const model::Configuration& configuration, const net::Account& account) {
  switch (what) {
    case Kept::trace:
      if (!configuration.trace) return {};
      return hand_over_folder_of(configuration.trace->file(), "trace.store", configuration, account);
    case Kept::audit_log:
      return hand_over_folder_of(configuration.server.audit_log, "server.audit_log", configuration, account);
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

Expected hand_over_all(const model::Configuration& configuration, const net::Account& account) {
  // The folder of results lies within the others' by default, and is out of root's reach once that is the account's.
  Expected done;
  if (configuration.server.api || configuration.validation.every) {
    done = hand_over(Kept::results, configuration, account);
  }
  if (done && configuration.server.api) done = hand_over(Kept::audit_log, configuration, account);
  if (done) done = hand_over(Kept::trace, configuration, account);
  return done;
}

}  // namespace connectord::session
