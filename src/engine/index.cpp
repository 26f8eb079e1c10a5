#include "connectord/engine/index.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"

namespace connectord::engine {
namespace {

DomainIndex index_of(const std::vector<net::DomainPattern>& patterns) {
  DomainIndex index;
  ConnectorNumber number = 0;
  for (const net::DomainPattern& pattern : patterns) index.add(pattern, number++);
  return index;
}

bool is_named_partner(const model::InboundConnector& connector) {
  const auto& patterns = connector.identify.sender_domains;
  return connector.scenario == model::Scenario::partner && connector.mode == model::Mode::enforce &&
         std::any_of(patterns.begin(), patterns.end(),
                     [](const net::DomainPattern& pattern) { return pattern.kind() != net::DomainPattern::Kind::any; });
}

bool has_fingerprints(const std::optional<model::CertificatePattern>& certificate) {
  return certificate && !certificate->fingerprints.empty();
}

ConnectorLists lists_in(const model::InboundConnector& connector) {
  ConnectorLists lists{net::AddressSet(connector.require.client_networks), {}};
  if (!connector.enhanced_filtering) return lists;
  const model::EnhancedFiltering& filtering = *connector.enhanced_filtering;
  lists.skip_rules = {filtering.skip_last, net::AddressSet(filtering.skip_networks)};
  for (const std::string& recipient : filtering.recipients) lists.pilot_group.insert(base::to_lower(recipient));
  return lists;
}

}  // namespace

unsigned specificity(const net::DomainPattern& pattern) {
  if (pattern.kind() == net::DomainPattern::Kind::exact) return DomainIndex::exact_specificity;
  return static_cast<unsigned>(pattern.name().size());
}

void DomainIndex::add(const net::DomainPattern& pattern, ConnectorNumber connector) {
  switch (pattern.kind()) {
    case net::DomainPattern::Kind::any:
      any_.push_back(connector);
      break;
    case net::DomainPattern::Kind::subtree:
      subtree_[pattern.name()].push_back(connector);
      break;
    case net::DomainPattern::Kind::exact:
      exact_[pattern.name()].push_back(connector);
      break;
  }
}

void NetworkIndex::add(const net::AddressRange& range, ConnectorNumber connector, std::uint32_t range_number) {
  Family& family = range.first().is_v4() ? v4_ : v6_;
  for (const net::Prefix& block : range.prefixes()) {
    if (std::find(family.lengths.begin(), family.lengths.end(), block.length) == family.lengths.end()) {
      family.lengths.push_back(block.length);
    }
    family.blocks[Key{block.base, block.length}].push_back(Owner{connector, range_number});
  }
}

void CertificateNameIndex::add(const model::CertificatePattern& pattern, ConnectorNumber connector) {
  if (pattern.subject) {
    if (pattern.subject->common_name) common_names_.add(*pattern.subject->common_name, connector);
    subjects_[pattern.subject->text].push_back(connector);
  } else if (pattern.issuer) {
    issuers_[*pattern.issuer].push_back(connector);
  }
}

void CertificateIndex::add(const model::CertificatePattern& pattern, ConnectorNumber connector, bool enforced) {
  if (pattern.fingerprints.empty()) {
    names_.add(pattern, connector);
    return;
  }
  for (const model::Fingerprint& fingerprint : pattern.fingerprints) {
    fingerprints_[static_cast<std::size_t>(fingerprint.of)][fingerprint.hex].push_back(connector);
  }
  if (!enforced) return;
  for (const auto of : {model::Fingerprint::Of::certificate, model::Fingerprint::Of::public_key}) {
    add_unknown(pattern, connector, of);
  }
}

void CertificateIndex::add_unknown(const model::CertificatePattern& pattern, ConnectorNumber connector,
                                   model::Fingerprint::Of of) {
  const auto& fingerprints = pattern.fingerprints;
  const bool has_one = std::any_of(fingerprints.begin(), fingerprints.end(),
                                   [of](const model::Fingerprint& fingerprint) { return fingerprint.of == of; });
  if (!has_one) return;
  Fingerprinted& patterns = fingerprinted_[static_cast<std::size_t>(of)];
  if (pattern.subject || pattern.issuer) {
    patterns.named.add(pattern, connector);
  } else {
    patterns.nameless.push_back(connector);
  }
}

Index::Index(const model::Configuration& configuration)
    : accepted_domains_(index_of(configuration.organization.accepted_domains)),
      trusted_sealers_(index_of(configuration.authentication.arc_trusted_sealers)) {
  const std::vector<model::InboundConnector>& connectors = configuration.inbound;
  names_.reserve(connectors.size());
  for (ConnectorNumber number = 0; number < connectors.size(); ++number) {
    if (connectors[number].enabled) add(connectors[number], number);
  }
  ConnectorNumber number = 0;
  for (const model::Signing& signing : configuration.signing) signing_.add(signing.domain, number++);
}

void Index::add(const model::InboundConnector& connector, ConnectorNumber number) {
  names_.emplace(connector.name, number);
  has_named_partners_ = has_named_partners_ || is_named_partner(connector);
  uses_fingerprints_ = uses_fingerprints_ || has_fingerprints(connector.identify.certificate) ||
                       has_fingerprints(connector.require.certificate);
  for (const auto& pattern : connector.identify.sender_domains) sender_domains_.add(pattern, number);
  std::uint32_t range_number = 0;
  for (const auto& range : connector.identify.client_networks) client_networks_.add(range, number, range_number++);
  if (connector.identify.certificate) {
    certificates_.add(*connector.identify.certificate, number, connector.mode == model::Mode::enforce);
  }
  const bool has_lists = !connector.require.client_networks.empty() || connector.enhanced_filtering;
  if (has_lists) lists_.emplace(connector.name, lists_in(connector));
}

}  // namespace connectord::engine
