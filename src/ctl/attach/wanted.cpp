#include "wanted.h"

namespace connectord::ctl {
namespace {

void add(Wanted& wanted, const std::optional<model::CertificatePattern>& certificate) {
  if (!certificate) return;
  if (certificate->subject || certificate->issuer) wanted.certificate_names = true;
  if (!certificate->fingerprints.empty()) wanted.fingerprints = true;
}

}  // namespace

Wanted wanted_by(const std::string& file, const model::Configuration& configuration) {
  Wanted wanted;
  wanted.file = file;
  wanted.milter = configuration.server.milter;
  wanted.policy = configuration.server.policy;
  wanted.accepted_domains = configuration.organization.accepted_domains;
  for (const model::InboundConnector& connector : configuration.inbound) {
    if (!connector.enabled) continue;
    wanted.tls |= connector.require.tls;
    add(wanted, connector.identify.certificate);
    add(wanted, connector.require.certificate);
  }
  return wanted;
}

}  // namespace connectord::ctl
