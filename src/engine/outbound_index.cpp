#include "connectord/engine/outbound_index.h"

#include <algorithm>

namespace connectord::engine {
namespace {

bool is_for_all_domains(const model::OutboundConnector& connector) {
  const auto& patterns = destinations(connector);
  return std::any_of(patterns.begin(), patterns.end(),
                     [](const auto& pattern) { return pattern.kind() == net::DomainPattern::Kind::any; });
}

}  // namespace

const std::vector<net::DomainPattern>& destinations(const model::OutboundConnector& connector) {
  static const std::vector<net::DomainPattern> all(1);
  return connector.recipient_domains.empty() ? all : connector.recipient_domains;
}

OutboundIndex::OutboundIndex(const model::Configuration& configuration)
    : host_name_(net::normalize_domain(configuration.server.host_name)) {
  const auto& connectors = configuration.outbound;
  names_.reserve(connectors.size());
  smart_hosts_.reserve(connectors.size());
  for (ConnectorNumber number = 0; number < connectors.size(); ++number) {
    if (connectors[number].enabled) add(connectors[number], number);
  }
}

void OutboundIndex::add(const model::OutboundConnector& connector, ConnectorNumber number) {
  names_.emplace(connector.name, number);
  for (const model::SmartHost& host : connector.route.smart_hosts) smart_hosts_.emplace(to_string(host), number);
  for (const net::DomainPattern& pattern : destinations(connector)) {
    if (connector.route.smart_hosts.empty()) by_mx_.add(pattern, number);
    if (connector.rule_scoped) continue;
    if (connector.inbound_connectors.empty()) of_any_origin_.add(pattern, number);
    for (const std::string& tag : connector.inbound_connectors) of_tag_[tag].add(pattern, number);
  }
  if (connector.rule_scoped) return;
  for (const std::string& tag : connector.inbound_connectors) {
    const auto [alone, is_new] = by_tag_alone_.try_emplace(tag);
    if (is_new && is_for_all_domains(connector)) {
      alone->second = number;
    } else {
      alone->second.reset();
    }
  }
}

}  // namespace connectord::engine
