#include "dns_options.h"

#include <algorithm>

#include "connectord/config/secret_file.h"
#include "connectord/net/domain_name.h"
#include "expected.h"

namespace connectord::ctl {
namespace {

using probe::KnownSelector;

// By which we sign mail of that domain: the entries with the most specific pattern (architecture.md, Signing).
std::vector<KnownSelector> selectors_of(const model::Configuration& configuration, const std::string& domain) {
  std::vector<KnownSelector> selectors;
  const auto reader = config::reader_of_secrets(configuration.server.user);
  for (const model::Signing& signing : configuration.signing) {
    if (!signing.domain.matches(domain)) continue;
    KnownSelector known{signing.domain.name(), signing.selector};
    auto key = reader ? config::read_secret_file(signing.key_file, *reader).and_then(&auth::DkimPrivateKey::parse)
                      : tl::unexpected(reader.error());
    if (key) {
      known.key = std::move(*key);
    } else {
      known.unknown_because = signing.key_file + ": " + key.error();
    }
    selectors.push_back(std::move(known));
  }
  return selectors;
}

Expected<void> add_selectors(const DnsArguments& arguments, probe::DomainOptions& options) {
  for (const std::string& text : arguments.selectors) {
    const auto selector = net::normalize_domain(text);
    if (!selector) return tl::unexpected("--selector: \"" + text + "\" is no selector");
    const bool known = std::any_of(options.selectors.begin(), options.selectors.end(),
                                   [&](const KnownSelector& each) { return each.selector == *selector; });
    if (!known) options.selectors.push_back({options.domain, *selector});
  }
  return {};
}

bool is_ours(const model::Configuration& configuration, const std::string& domain) {
  const auto& accepted = configuration.organization.accepted_domains;
  return std::any_of(accepted.begin(), accepted.end(), [&](const auto& pattern) { return pattern.matches(domain); });
}

}  // namespace

tl::expected<probe::DomainOptions, std::string> dns_options(const DnsArguments& arguments,
                                                            const model::Configuration& configuration,
                                                            const std::vector<net::IpAddress>& own_addresses) {
  const auto domain = net::normalize_domain(arguments.domain);
  if (!domain) return tl::unexpected("\"" + arguments.domain + "\" is no domain; write contoso.com");
  probe::DomainOptions options;
  options.domain = *domain;
  options.selectors = selectors_of(configuration, *domain);
  // A selector that somebody gives says nothing of whose domain it is.
  const bool ours = is_ours(configuration, *domain) || !options.selectors.empty();
  if (auto added = add_selectors(arguments, options); !added) return tl::unexpected(added.error());
  for (const std::string& text : arguments.addresses) {
    const auto address = net::IpAddress::parse(text);
    if (!address) return tl::unexpected("--address: \"" + text + "\" is no IP address");
    options.senders.push_back(*address);
  }
  if (options.senders.empty() && ours) options.senders = own_addresses;
  if (ours) options.host_name = net::normalize_domain(configuration.server.host_name).value_or("");
  options.connect = !arguments.no_connect;
  options.private_networks = configuration.validation.private_networks;
  return options;
}

}  // namespace connectord::ctl
