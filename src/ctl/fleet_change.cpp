#include "fleet_change.h"

#include <unistd.h>

#include <cstdlib>
#include <ostream>

#include "configuration_file.h"
#include "connectord/base/accounts.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/runtime/load_policy.h"

namespace connectord::ctl {

Expected<model::Configuration> member_configuration(const Common& common) {
  config::Loaded loaded = config::load(common.configuration, runtime::environment_of_host());
  const auto& fleet = loaded.configuration.fleet;
  if (fleet && !fleet->database.empty()) return std::move(loaded.configuration);
  if (!fleet && loaded.ok()) {
    return tl::unexpected("this host is no member of a fleet: there is no [fleet] in " + common.configuration);
  }
  return tl::unexpected("[fleet] cannot be read; run: connectorctl check --config " + common.configuration);
}

std::string who_changes() {
  const char* caller = std::getenv("SUDO_USER");
  const auto account = base::find_account(::getuid());
  const std::string name = caller != nullptr ? caller : account ? account->name : std::to_string(::getuid());
  return name + " on " + runtime::environment_of_host().host_name;
}

bool loads_here(const Common& common, const std::string& state, std::int64_t generation, const std::string& document,
                const Terminal& terminal) {
  config::Environment environment = runtime::environment_of_host();
  environment.change = config::FileChange{config::fleet_copy_path(state, generation), document};
  const auto loaded = runtime::load_policy(common.configuration, environment, runtime::SecretFiles::read);
  print_problems(loaded.problems, terminal);
  return loaded.policy != nullptr;
}

Expected<std::int64_t> apply_to_fleet(const Common& common, const model::Configuration& configuration,
                                      fleet::Database& database, const FleetChange& change, const Terminal& terminal) {
  if (!loads_here(common, configuration.fleet->state, change.made_from + 1, change.document, terminal)) {
    return tl::unexpected(std::string("this host's configuration would not load with it; nothing was changed"));
  }
  auto made = database.apply({.made_from = change.made_from,
                              .who = who_changes(),
                              .comment = change.comment,
                              .document = change.document,
                              .canary = change.canary});
  if (made) return *made;
  std::string reason = made.error().reason;
  if (!made.error().is_in_doubt) reason += "; nothing was changed";
  if (made.error().is_outdated) reason += ": look at it with connectorctl fleet show, and make the change anew";
  return tl::unexpected(std::move(reason));
}

}  // namespace connectord::ctl
