#include "connectord/runtime/load_policy.h"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "connectord/dns/make_resolver.h"

namespace connectord::runtime {

std::vector<std::string> errors_in(const std::vector<model::Problem>& problems) {
  std::vector<std::string> errors;
  for (const model::Problem& problem : problems) {
    if (problem.severity == model::Problem::Severity::error) errors.push_back(to_string(problem));
  }
  return errors;
}

LoadedPolicy load_policy(const std::string& path, const config::Environment& environment, SecretFiles files) {
  config::Loaded loaded = config::load(path, environment);
  Secrets secrets;
  // What could not be read of a configuration with errors may be the user who is to read them.
  if (files == SecretFiles::read && loaded.ok()) {
    secrets.credentials = read_credentials(loaded.configuration, loaded.problems);
    secrets.signing_keys = load_signing_keys(loaded.configuration, loaded.problems);
    secrets.sealing = load_sealing_key(loaded.configuration, loaded.problems);
  }
  const bool ok = loaded.ok();
  config::SourceTexts sources = std::move(loaded.sources);
  // Also where a file has errors: what its sound connectors say against each other is worth knowing in the same go.
  auto compiled = engine::Policy::compile(std::move(loaded.configuration));
  LoadedPolicy result{ok ? std::move(compiled.policy) : nullptr, std::move(secrets), std::move(loaded.problems),
                      std::move(sources)};
  result.problems.insert(result.problems.end(), std::make_move_iterator(compiled.problems.begin()),
                         std::make_move_iterator(compiled.problems.end()));
  return result;
}

tl::expected<std::shared_ptr<dns::Resolver>, std::string> make_resolver(const model::Dns& settings) {
  dns::ResolverSettings wanted;
  wanted.timeout = settings.timeout;
  for (const net::Endpoint& server : settings.servers) {
    const auto address = net::IpAddress::parse(server.host);
    if (!address) return tl::unexpected("dns.servers: \"" + server.host + "\" is not an address");
    wanted.servers.push_back({*address, server.port});
  }
  return dns::make_resolver(wanted);
}

tl::expected<std::shared_ptr<dns::Resolver>, std::string> resolver_of(const Generation& generation) {
  if (generation.resolver) return generation.resolver;
  return make_resolver(generation.policy->configuration().dns);
}

config::Environment environment_of_host() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {"localhost"};
  return {name.data()};
}

}  // namespace connectord::runtime
