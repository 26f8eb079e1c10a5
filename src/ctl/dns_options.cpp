#include "dns_options.h"

#include <algorithm>

#include "connectord/net/domain_name.h"
#include "connectord/probe/domain_options.h"
#include "expected.h"

namespace connectord::ctl {
namespace {

using probe::KnownSelector;

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

}  // namespace

tl::expected<probe::DomainOptions, std::string> dns_options(const DnsArguments& arguments,
                                                            const model::Configuration& configuration,
                                                            const std::vector<net::IpAddress>& own_addresses) {
  const auto domain = net::normalize_domain(arguments.domain);
  if (!domain) return tl::unexpected("\"" + arguments.domain + "\" is no domain; write contoso.com");
  probe::DomainOptions options = probe::domain_options(configuration, *domain, own_addresses);
  if (auto added = add_selectors(arguments, options); !added) return tl::unexpected(added.error());
  if (!arguments.addresses.empty()) options.senders.clear();
  for (const std::string& text : arguments.addresses) {
    const auto address = net::IpAddress::parse(text);
    if (!address) return tl::unexpected("--address: \"" + text + "\" is no IP address");
    options.senders.push_back(*address);
  }
  options.connect = !arguments.no_connect;
  return options;
}

}  // namespace connectord::ctl
