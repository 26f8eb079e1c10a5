#include "connectord/mta/wanted.h"

#include <algorithm>

#include "connectord/mail/sendmail_terms.h"

namespace connectord::mta {
namespace {

void add(Wanted& wanted, const std::optional<model::CertificatePattern>& certificate) {
  if (!certificate) return;
  if (certificate->subject || certificate->issuer) wanted.certificate_names = true;
  const auto& fingerprints = certificate->fingerprints;
  if (fingerprints.empty()) return;
  wanted.fingerprints = true;
  wanted.public_keys_only |= std::all_of(fingerprints.begin(), fingerprints.end(), [](const model::Fingerprint& one) {
    return one.of == model::Fingerprint::Of::public_key;
  });
}

// Of whatever recipient, and whatever origin: a tag's route is for mail that came in as inbound.
bool takes_all(const model::OutboundConnector& connector) {
  if (!connector.inbound_connectors.empty() || connector.rule_scoped) return false;
  return std::any_of(connector.recipient_domains.begin(), connector.recipient_domains.end(),
                     [](const net::DomainPattern& domain) { return domain.kind() == net::DomainPattern::Kind::any; });
}

void add_what_sendmail_cannot(Wanted& wanted, const model::OutboundConnector& connector) {
  if (!connector.inbound_connectors.empty() || connector.rule_scoped) {
    wanted.beyond_sendmail.push_back("connector " + connector.name +
                                     ": Sendmail cannot choose a route by the inbound connector, so no mail takes it");
    return;
  }
  const auto mailer = mail::mailer_of(connector, "example.com");
  const auto protection = mail::tls_requirement_of(connector);
  for (const auto* answer : {&mailer, &protection}) {
    if (!*answer) wanted.beyond_sendmail.push_back(answer->error() + ", so its mail waits");
  }
}

}  // namespace

Wanted wanted_by(const std::string& file, const model::Configuration& configuration) {
  Wanted wanted;
  wanted.file = file;
  wanted.milter = configuration.server.milter;
  wanted.policy = configuration.server.policy;
  wanted.socketmap = configuration.server.socketmap;
  wanted.accepted_domains = configuration.organization.accepted_domains;
  wanted.accepted_domains_file = configuration.organization.accepted_domains_file;
  for (const model::InboundConnector& connector : configuration.inbound) {
    if (!connector.enabled) continue;
    wanted.tls |= connector.require.tls;
    const auto& networks = connector.identify.client_networks;
    wanted.client_networks.insert(wanted.client_networks.end(), networks.begin(), networks.end());
    add(wanted, connector.identify.certificate);
    add(wanted, connector.require.certificate);
  }
  for (const model::OutboundConnector& connector : configuration.outbound) {
    if (!connector.enabled) continue;
    wanted.credentials |= !connector.route.credentials.empty();
    wanted.dane |= connector.tls && connector.tls->level == model::TlsLevel::dane;
    wanted.outbound = true;
    wanted.outbound_everywhere |= takes_all(connector);
    add_what_sendmail_cannot(wanted, connector);
  }
  return wanted;
}

}  // namespace connectord::mta
