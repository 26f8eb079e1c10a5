#include "route_check.h"

#include <algorithm>

#include "connectord/engine/outbound_index.h"
#include "connectord/engine/routing.h"
#include "connectord/net/domain_name.h"

namespace connectord::probe {

using model::Finding;
using model::OutboundConnector;
using model::Outcome;

std::string domain_of(const std::string& address) {
  const auto at = address.rfind('@');
  return at == std::string::npos ? "" : net::normalize_domain(address.substr(at + 1)).value_or("");
}

std::string why_not_taken(const OutboundConnector& connector, const std::string& address,
                          const OutboundConnector* other) {
  const std::string domain = domain_of(address);
  if (domain.empty()) return "no connector takes a recipient without a domain name";
  const auto& patterns = engine::destinations(connector);
  const auto matches = [&domain](const auto& pattern) { return pattern.matches(domain); };
  if (std::none_of(patterns.begin(), patterns.end(), matches)) {
    return domain + " is none of the connector's recipient_domains";
  }
  if (other == nullptr) {
    return domain +
           " is one of our own domains (organization.accepted_domains), which a connector takes only if it "
           "names them as closely";
  }
  return other->name + " names " + domain + " more closely, or comes first";
}

void check_route(const engine::Policy& policy, const OutboundConnector& connector, const std::string& address,
                 Recorder& recorder) {
  const engine::Recipient recipient{address, false};
  Finding finding{.check = model::check::outbound_route,
                  .expected = "mail for " + address + " leaves by " + connector.name};
  if (connector.rule_scoped || !connector.enabled) {
    finding.outcome = Outcome::not_applicable;
    finding.seen = connector.rule_scoped ? "mail that a transport rule sends here" : "disabled";
    return recorder.add(std::move(finding));
  }
  std::vector<const OutboundConnector*> taken;
  if (connector.inbound_connectors.empty()) taken.push_back(engine::route_of_any_origin(policy, recipient));
  for (const std::string& tag : connector.inbound_connectors) {
    taken.push_back(engine::route_of(policy, tag, recipient));
  }
  const auto other =
      std::find_if(taken.begin(), taken.end(), [&connector](const auto* each) { return each != &connector; });
  if (other == taken.end()) {
    finding.seen =
        connector.inbound_connectors.empty() ? "it does" : "it does, if it came in over one of its inbound connectors";
    return recorder.add(std::move(finding));
  }
  finding.outcome = Outcome::fail;
  finding.seen =
      *other == nullptr ? "no connector: it takes the mail server's own way" : "it leaves by " + (*other)->name;
  finding.hint = why_not_taken(connector, address, *other);
  recorder.add(std::move(finding), Obstacle::other_route);
}

}  // namespace connectord::probe
