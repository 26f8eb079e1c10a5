// How a host becomes a member: it has nothing yet of what the fleet has in common.
#include <sys/types.h>
#include <unistd.h>

#include "access.h"
#include "connectord/base/accounts.h"
#include "connectord/base/text.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/fleet/database.h"
#include "connectord/net/handover.h"
#include "connectord/runtime/folders.h"
#include "connectord/runtime/load_policy.h"
#include "copy.h"
#include "generation_table.h"
#include "host.h"

namespace connectord::fleet {
namespace {

tl::expected<void, std::string> check_that_it_loads(const std::string& main_file, const std::string& path,
                                                    const std::string& document) {
  config::Environment environment = runtime::environment_of_host();
  environment.change = config::FileChange{path, document};
  const runtime::LoadedPolicy loaded = runtime::load_policy(main_file, environment);
  if (loaded.policy) return {};
  return tl::unexpected("the fleet's generation does not load on this host:\n" +
                        base::joined(runtime::errors_in(loaded.problems), "\n"));
}

tl::expected<std::int64_t, std::string> take(const std::string& main_file, const model::Configuration& configuration) {
  const auto in_words = [](const postgres::Error& error) { return "the fleet's database: " + error.whole; };
  const auto access = access_of(configuration, Need::write);
  if (!access) return tl::unexpected(access.error());
  const auto identity = identity_of_host(configuration);
  if (!identity) return tl::unexpected(identity.error());
  auto connection = open_database(*access, Need::write);
  if (!connection) return tl::unexpected(in_words(connection.error()));
  const auto host = register_host(*connection, *identity);
  if (!host) return tl::unexpected(in_words(host.error()));
  const auto wanted = generation_for(*connection, host->id);
  if (!wanted) return tl::unexpected(in_words(wanted.error()));
  const auto generation = read_generation(*connection, wanted->n);
  if (!generation) return tl::unexpected(in_words(generation.error()));
  const std::string& state = configuration.fleet->state;
  return check_that_it_loads(main_file, config::fleet_copy_path(state, generation->n), generation->document)
      .and_then([&] { return keep_copy(state, generation->n, generation->document); })
      .map([&] { return generation->n; });
}

// As whom the daemon serves.
tl::expected<base::Account, std::string> account_of(const std::string& user) {
  if (::geteuid() != 0 || user.empty()) return base::own_account();
  auto account = base::find_account(user);
  if (!account) return tl::unexpected("server.user: there is no user \"" + user + "\"");
  account->groups = base::groups_of(user, account->gid);
  return std::move(*account);
}

}  // namespace

tl::expected<std::int64_t, std::string> take_first_generation(const std::string& main_file,
                                                              const model::Configuration& configuration) {
  const auto account = account_of(configuration.server.user);
  if (!account) return tl::unexpected(account.error());
  if (auto ready = runtime::hand_over(runtime::Kept::fleet, configuration, *account); !ready) {
    return tl::unexpected(ready.error());
  }
  tl::expected<std::int64_t, std::string> taken;
  const auto done = net::with_rights_for(configuration.fleet->state, *account, [&](bool /*as_root*/) {
    taken = take(main_file, configuration);
    return taken.map([](std::int64_t /*number*/) {});
  });
  if (!done) return tl::unexpected(done.error());
  return taken;
}

}  // namespace connectord::fleet
