#include "connectord/probe/domain_options.h"

#include <algorithm>

#include "connectord/config/named_files.h"
#include "connectord/config/secret_file.h"
#include "connectord/net/domain_name.h"

namespace connectord::probe {
namespace {

// By which we sign mail of that domain: the entries with the most specific pattern (architecture.md, Signing).
std::vector<KnownSelector> selectors_of(const model::Configuration& configuration, const std::string& domain) {
  std::vector<KnownSelector> selectors;
  const auto reader = config::reader_of_secrets(configuration.server.user);
  for (const model::Signing& signing : configuration.signing) {
    if (!signing.domain.matches(domain)) continue;
    KnownSelector known{signing.domain.name(), signing.selector};
    const std::string& file = signing.key_file;
    auto key = reader
                   .and_then([&](const config::SecretReader& who) {
                     return config::read_named_file(configuration, signing.location, file,
                                                    [&] { return config::read_secret_file(file, who); });
                   })
                   .and_then(&auth::DkimPrivateKey::parse);
    if (key) {
      known.key = std::move(*key);
    } else {
      known.unknown_because = signing.key_file + ": " + key.error();
    }
    selectors.push_back(std::move(known));
  }
  return selectors;
}

bool is_accepted(const model::Configuration& configuration, const std::string& domain) {
  const auto& accepted = configuration.organization.accepted_domains;
  return std::any_of(accepted.begin(), accepted.end(), [&](const auto& pattern) { return pattern.matches(domain); });
}

}  // namespace

DomainOptions domain_options(const model::Configuration& configuration, const std::string& domain,
                             const std::vector<net::IpAddress>& own_addresses) {
  DomainOptions options;
  options.domain = domain;
  options.selectors = selectors_of(configuration, domain);
  // A selector that somebody gives says nothing of whose domain it is.
  options.ours = is_accepted(configuration, domain) || !options.selectors.empty();
  if (options.ours) options.senders = own_addresses;
  if (options.ours) options.host_name = net::normalize_domain(configuration.server.host_name).value_or("");
  options.private_networks = configuration.validation.private_networks;
  return options;
}

}  // namespace connectord::probe
