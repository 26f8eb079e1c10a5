#include "connectord/engine/outbound_index.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/mail/path.h"

namespace connectord::engine {
namespace {

bool has_all_domains(const model::OutboundConnector& connector) {
  const auto& patterns = destinations(connector);
  return std::any_of(patterns.begin(), patterns.end(),
                     [](const auto& pattern) { return pattern.kind() == net::DomainPattern::Kind::any; });
}

}  // namespace

// A milter is shown a sender with quotes, and a table without.
std::string SenderIndex::key_of(std::string_view local_part, std::string_view domain) {
  return base::to_lower(mail::unquoted(local_part)) + "@" + std::string(domain);
}

void SenderIndex::add(const model::OutboundConnector& connector, ConnectorNumber number) {
  for (const std::string& sender : connector.senders) {
    const auto at = sender.rfind('@');
    const auto domain = at == std::string::npos ? std::nullopt : net::normalize_domain(sender.substr(at + 1));
    if (domain) addresses_[key_of(std::string_view(sender).substr(0, at), *domain)].push_back(number);
  }
  for (const net::DomainPattern& pattern : connector.sender_domains) {
    domains_.add(pattern, number);
    has_domains_ = true;
  }
}

const std::vector<net::DomainPattern>& destinations(const model::OutboundConnector& connector) {
  static const std::vector<net::DomainPattern> all(1);
  return connector.recipient_domains.empty() ? all : connector.recipient_domains;
}

OutboundIndex::OutboundIndex(const model::Configuration& configuration)
    : asks_destinations_(configuration.asks_destinations()),
      host_name_(net::normalize_domain(configuration.server.host_name)) {
  const auto& connectors = configuration.outbound;
  names_.reserve(connectors.size());
  smart_hosts_.reserve(connectors.size());
  for (ConnectorNumber number = 0; number < connectors.size(); ++number) {
    if (!connectors[number].enabled) continue;
    add(connectors[number], number);
    add_certificate(connectors, number);
  }
}

void OutboundIndex::add_certificate(const std::vector<model::OutboundConnector>& connectors, ConnectorNumber number) {
  const model::OutboundConnector& connector = connectors[number];
  if (connector.is_scoped() || !connector.tls || connector.tls->certificate.empty()) return;
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    const auto [other, is_new] = certificate_hosts_.try_emplace(host.host, CertificateOwner{number});
    if (is_new || !other->second.connector) continue;
    const model::OutboundTls& theirs = *connectors[*other->second.connector].tls;
    if (theirs.certificate != connector.tls->certificate || theirs.key != connector.tls->key) {
      other->second.connector.reset();
    }
  }
}

void OutboundIndex::add(const model::OutboundConnector& connector, ConnectorNumber number) {
  names_.emplace(connector.name, number);
  // What has a delivery service of its own is not asked about by next hop.
  const bool is_asked_by_next_hop = !connector.needs_own_service();
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    if (is_asked_by_next_hop) smart_hosts_.emplace(to_string(host), number);
  }
  for (const net::DomainPattern& pattern : destinations(connector)) {
    if (connector.route.smart_hosts.empty() && is_asked_by_next_hop) by_mx_.add(pattern, number);
    if (connector.rule_scoped) continue;
    if (connector.is_by_sender()) {
      destinations_of_[number].add(pattern, number);
      continue;
    }
    if (connector.inbound_connectors.empty()) of_any_origin_.add(pattern, number);
    for (const std::string& tag : connector.inbound_connectors) of_tag_[tag].add(pattern, number);
  }
  if (connector.rule_scoped) return;
  if (connector.is_by_sender()) {
    by_sender_.add(connector, number);
    has_senders_alone_ = has_senders_alone_ || connector.is_by_sender_alone();
    return;
  }
  for (const std::string& tag : connector.inbound_connectors) {
    const auto [alone, is_new] = by_tag_alone_.try_emplace(tag);
    if (is_new && has_all_domains(connector)) {
      alone->second = number;
    } else {
      alone->second.reset();
    }
  }
}

}  // namespace connectord::engine
