#include "connectord/mta/mta_requirements.h"

#include <algorithm>

#include "connectord/mail/postfix_terms.h"
#include "connectord/mail/sendmail_terms.h"

namespace connectord::mta {
namespace {

void add(MtaRequirements& required, const std::optional<model::CertificatePattern>& certificate) {
  if (!certificate) return;
  if (certificate->subject || certificate->issuer) required.certificate_names = true;
  const auto& fingerprints = certificate->fingerprints;
  if (fingerprints.empty()) return;
  required.fingerprints = true;
  required.public_keys_only |= std::all_of(fingerprints.begin(), fingerprints.end(), [](const model::Fingerprint& one) {
    return one.of == model::Fingerprint::Of::public_key;
  });
}

// Of whatever recipient, and whatever origin: a tag's route is for mail that came in as inbound.
bool takes_all(const model::OutboundConnector& connector) {
  if (connector.is_scoped()) return false;
  return std::any_of(connector.recipient_domains.begin(), connector.recipient_domains.end(),
                     [](const net::DomainPattern& domain) { return domain.kind() == net::DomainPattern::Kind::any; });
}

DeliveryNeeds delivery_of(const model::OutboundConnector& connector) {
  DeliveryNeeds needs{.connector = connector.name,
                      .service = mail::service_of(connector),
                      .certificate = {},
                      .key = {},
                      .implicit_tls = connector.has_implicit_tls(),
                      .credentials = !connector.route.credentials.empty()};
  if (connector.tls) {
    needs.certificate = connector.tls->certificate;
    needs.key = connector.tls->key;
  }
  return needs;
}

void add_what_sendmail_cannot(MtaRequirements& required, const model::OutboundConnector& connector) {
  if (connector.is_scoped()) {
    required.beyond_sendmail.push_back("connector " + connector.name + ": Sendmail cannot choose a route by the " +
                                       (connector.is_by_sender() ? "sender" : "inbound connector") +
                                       ", so no mail takes it");
    return;
  }
  const auto mailer = mail::mailer_of(connector, "example.com");
  const auto protection = mail::tls_requirement_of(connector);
  for (const auto* answer : {&mailer, &protection}) {
    if (!*answer) required.beyond_sendmail.push_back(answer->error() + ", so its mail waits");
  }
}

}  // namespace

MtaRequirements mta_requirements_of(const std::string& file, const model::Configuration& configuration) {
  MtaRequirements required;
  required.file = file;
  required.milter = configuration.server.milter;
  required.policy = configuration.server.policy;
  required.socketmap = configuration.server.socketmap;
  required.mail_log = configuration.trace && !configuration.trace->mail_log.empty();
  required.accepted_domains = configuration.organization.accepted_domains;
  required.accepted_domains_file = configuration.organization.accepted_domains_file;
  for (const model::InboundConnector& connector : configuration.inbound) {
    if (!connector.enabled) continue;
    required.tls |= connector.require.tls;
    const auto& networks = connector.identify.client_networks;
    required.client_networks.insert(required.client_networks.end(), networks.begin(), networks.end());
    add(required, connector.identify.certificate);
    add(required, connector.require.certificate);
  }
  required.dane = configuration.delivery.dane;
  required.asks_destinations = configuration.asks_destinations();
  required.tlsrpt = configuration.delivery.tlsrpt && required.asks_destinations;
  for (const model::OutboundConnector& connector : configuration.outbound) {
    if (!connector.enabled) continue;
    required.credentials |= !connector.route.credentials.empty() && !connector.needs_own_service();
    if (connector.needs_own_service()) required.deliveries.push_back(delivery_of(connector));
    required.by_sender |= connector.is_by_sender_alone();
    required.sendmail_certificate |= !connector.is_scoped() && !mail::client_features_of(connector).empty();
    required.dane |= connector.tls && (connector.tls->lowest_level() == model::TlsLevel::dane ||
                                       connector.tls->dane == model::DaneUse::opportunistic);
    required.outbound = true;
    required.outbound_everywhere |= takes_all(connector);
    add_what_sendmail_cannot(required, connector);
  }
  return required;
}

}  // namespace connectord::mta
