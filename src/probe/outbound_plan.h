#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectord/delivery/decide.h"
#include "connectord/model/outbound.h"
#include "connectord/probe/validate.h"
#include "connectord/smtp/network.h"
#include "connectord/sts/mta_sts.h"
#include "targets.h"

namespace connectord::probe {

// Within this time of its end a certificate is worth a warning.
inline constexpr std::int64_t renewal_time = std::int64_t{30} * 24 * 3600;

// What holds for all hosts of one outbound validation.
struct OutboundPlan {
  const model::OutboundConnector& connector;
  const OutboundOptions& options;
  std::string helo;
  std::string trusts;                      // whose authorities count, in words
  std::optional<tls::TrustStore> trusted;  // empty: could not be read, and a finding says so
  std::optional<tls::TrustStore> system;   // what MTA-STS goes by; empty as before, or not needed
  std::string credentials;                 // user:password; empty: none
  std::optional<smtp::Identity> identity;  // that of [outbound.tls]; empty: none, or it could not be read
  std::vector<sts::StsPolicy> policies;    // of the recipient domains that have one
  delivery::Wish wish{};                   // what counts of what the destination publishes

  model::TlsLevel level() const {
    return connector.tls ? connector.tls->lowest_level() : model::TlsLevel::opportunistic;
  }
  bool needs_tls() const { return level() != model::TlsLevel::opportunistic; }
  bool goes_by_dane() const { return level() == model::TlsLevel::dane || wish.dane; }
  // Unless the connector says otherwise, as what the destination asks of everybody.
  bool goes_by_policies() const { return !connector.tls || connector.tls->mta_sts != model::StsUse::none; }
  const sts::StsPolicy* policy_of(const std::string& domain) const {
    for (const sts::StsPolicy& policy : policies) {
      if (policy.domain == domain) return &policy;
    }
    return nullptr;
  }
};

}  // namespace connectord::probe
