#include "attribution.h"

#include <algorithm>

#include "connectord/engine/certificate.h"
#include "connectord/engine/index.h"

namespace connectord::engine {
namespace {

using model::IdentifiedBy;
using model::InboundConnector;

class Attributor {
 public:
  Attributor(const Policy& policy, const model::Facts& facts)
      : policy_(policy), index_(policy.index()), connectors_(policy.configuration().inbound), facts_(facts) {}

  Attribution run() {
    if (facts_.tls) {
      by_certificate();
      note_undecided();
    }
    if (facts_.client_address) by_network();
    if (!facts_.mail_from.domain.empty()) by_sender_domain();
    return std::move(result_);
  }

 private:
  void by_certificate() {
    const InboundConnector* best = nullptr;
    unsigned best_rank = 0;
    index_.certificates().visit(facts_.certificate, [&](ConnectorNumber number) {
      const InboundConnector& candidate = connectors_[number];
      const model::CertificatePattern& pattern = *candidate.identify.certificate;
      if (certificate_matches(pattern, facts_.certificate) != Match::yes) return;
      const unsigned rank = specificity(pattern);
      if (best != nullptr && (rank < best_rank || (rank == best_rank && candidate.priority >= best->priority))) return;
      best = &candidate;
      best_rank = rank;
    });
    if (best != nullptr) {
      result_.identified.push_back({best, IdentifiedBy::certificate, "certificate: " + describe(facts_.certificate)});
    }
  }

  // A certificate counts more than all else, so while a fingerprint is missing that would identify, nothing is settled.
  void note_undecided() {
    for (const auto of : {model::Fingerprint::Of::certificate, model::Fingerprint::Of::public_key}) {
      const bool known = of == model::Fingerprint::Of::certificate ? facts_.certificate.sha256.has_value()
                                                                   : facts_.certificate.public_key_sha256.has_value();
      if (known) continue;
      const auto number =
          index_.certificates().find_by_unknown(of, facts_.certificate, [this](ConnectorNumber candidate) {
            return certificate_matches(*connectors_[candidate].identify.certificate, facts_.certificate) ==
                   Match::unknown;
          });
      if (!number) continue;
      result_.undecided = &connectors_[*number];
      return;
    }
  }

  void by_network() {
    const NetworkOwner owner = owner_of(policy_, *facts_.client_address);
    if (owner.connector == nullptr) return;
    result_.identified.push_back({owner.connector, IdentifiedBy::client_network,
                                  "client " + facts_.client_address->to_string() + " in " + owner.range->to_string()});
  }

  void by_sender_domain() {
    const InboundConnector* best = nullptr;
    unsigned best_rank = 0;
    index_.sender_domains().visit(facts_.mail_from.domain, [&](ConnectorNumber number, unsigned rank) {
      const InboundConnector& candidate = connectors_[number];
      note_partner(candidate);
      if (best != nullptr && (rank < best_rank || candidate.priority >= best->priority)) return;
      best = &candidate;
      best_rank = rank;
    });
    if (best == nullptr) return;
    result_.identified.push_back({best, IdentifiedBy::sender_domain, "sender domain " + facts_.mail_from.domain});
  }

  void note_partner(const InboundConnector& candidate) {
    if (candidate.scenario != model::Scenario::partner) return;
    auto& partners = result_.partners_of_sender;
    if (std::find(partners.begin(), partners.end(), &candidate) == partners.end()) partners.push_back(&candidate);
  }

  const Policy& policy_;
  const Index& index_;
  const std::vector<InboundConnector>& connectors_;
  const model::Facts& facts_;
  Attribution result_;
};

}  // namespace

bool is_host_of_ours(const InboundConnector& connector, const net::IpAddress& address) {
  if (connector.scenario != model::Scenario::on_premises) return false;
  if (!connector.enhanced_filtering) return true;
  const auto& listed = connector.enhanced_filtering->skip_networks;
  return !connector.enhanced_filtering->skip_last &&
         std::none_of(listed.begin(), listed.end(), [&address](const auto& range) { return range.contains(address); });
}

NetworkOwner owner_of(const Policy& policy, const net::IpAddress& address) {
  NetworkOwner best;
  net::IpAddress::Bytes best_span{};
  policy.index().client_networks().visit(address, [&](ConnectorNumber number, std::uint32_t range_number) {
    const InboundConnector& candidate = policy.configuration().inbound[number];
    const net::AddressRange& range = candidate.identify.client_networks[range_number];
    const auto span = range.span();
    const bool is_worse = best.connector != nullptr &&
                          (span > best_span || (span == best_span && candidate.priority >= best.connector->priority));
    if (is_worse) return;
    best = {&candidate, &range};
    best_span = span;
  });
  return best;
}

Attribution attribute(const Policy& policy, const model::Facts& facts) {
  return Attributor(policy, facts).run();
}

}  // namespace connectord::engine
