#include "route_check.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/engine/outbound_index.h"
#include "connectord/engine/routing.h"
#include "connectord/model/rule_route.h"
#include "connectord/net/address_domain.h"

namespace connectord::probe {

using model::Finding;
using model::OutboundConnector;
using model::Outcome;

namespace {

using model::Rule;

// The enabled rules that send mail elsewhere than its recipients' domains say.
std::vector<const Rule*> routing_rules(const engine::Policy& policy) {
  std::vector<const Rule*> routing;
  for (const Rule& rule : policy.configuration().rules) {
    if (rule.enabled && rule.mode == model::Mode::enforce && !model::route_of_rule(rule).empty())
      routing.push_back(&rule);
  }
  return routing;
}

// Whether a rule is for other recipients, or mail of other connectors.
bool leaves_out(const Rule& rule, const OutboundConnector& connector, const std::string& address) {
  if (!rule.when) return false;
  const model::RuleConditions& when = *rule.when;
  const auto lacks = [](const auto& list, const auto& matches) {
    return !list.empty() && std::none_of(list.begin(), list.end(), matches);
  };
  const std::string compared = model::comparable_address(address);
  const std::string domain = domain_of(address);
  return lacks(when.outbound_connectors, [&](const std::string& name) { return name == connector.name; }) ||
         lacks(when.recipient, [&](const std::string& one) { return one == compared; }) ||
         lacks(when.recipient_domains, [&](const auto& pattern) { return pattern.matches(domain); });
}

// Which rules may take mail for this recipient along another way.
void note_rules(const engine::Policy& policy, const OutboundConnector& connector, const std::string& address,
                StepLog& steps) {
  for (const Rule* rule : routing_rules(policy)) {
    const std::string other = model::route_of_rule(*rule);
    if (other == connector.name || leaves_out(*rule, connector, address)) continue;
    steps.add({.check = model::check::outbound_route,
               .connector = other,
               .outcome = Outcome::result,
               .seen = "rule \"" + rule->name + "\" sends what it matches by " + other + " instead",
               .hint = "connectorctl explain --message FILE shows which way a message takes"});
  }
}

// "mail that rule "confidential" sends here"
std::string senders_of(const engine::Policy& policy, const OutboundConnector& connector) {
  std::vector<std::string> names;
  for (const Rule* rule : routing_rules(policy)) {
    if (model::route_of_rule(*rule) == connector.name) names.push_back("\"" + rule->name + "\"");
  }
  if (names.empty()) return "mail that a transport rule sends here; no enabled one does";
  return "mail that " + std::string(names.size() == 1 ? "rule " : "rules ") + base::joined(names) +
         (names.size() == 1 ? " sends here" : " send here");
}

}  // namespace

std::string domain_of(const std::string& address) {
  return net::domain_of_address(address).value_or("");
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

// Somebody whose mail the connector is for.
std::string a_sender_of(const OutboundConnector& connector) {
  if (!connector.senders.empty()) return connector.senders.front();
  const std::string& domain = connector.sender_domains.front().name();
  return "postmaster@" + (domain.empty() ? std::string("any.example") : domain);
}

void check_route(const engine::Policy& policy, const OutboundConnector& connector, const std::string& address,
                 StepLog& steps) {
  const engine::Recipient recipient{address, false};
  Finding finding{.check = model::check::outbound_route,
                  .expected = "mail for " + address + " leaves by " + connector.name};
  if (connector.rule_scoped || !connector.enabled) {
    finding.outcome = Outcome::not_applicable;
    finding.seen = connector.rule_scoped ? senders_of(policy, connector) : "disabled";
    return steps.add(std::move(finding));
  }
  std::vector<const OutboundConnector*> taken;
  const std::string sender = connector.is_by_sender() ? a_sender_of(connector) : std::string();
  if (connector.inbound_connectors.empty()) taken.push_back(engine::route_from(policy, sender, recipient));
  for (const std::string& tag : connector.inbound_connectors) {
    taken.push_back(engine::route_of(policy, {tag, {}}, recipient));
  }
  const auto other =
      std::find_if(taken.begin(), taken.end(), [&connector](const auto* each) { return each != &connector; });
  if (other == taken.end()) {
    finding.seen = connector.is_by_sender()               ? "it does, if it is of one of its senders, as of " + sender
                   : connector.inbound_connectors.empty() ? "it does"
                                                          : "it does, if it came in over one of its inbound connectors";
    steps.add(std::move(finding));
    return note_rules(policy, connector, address, steps);
  }
  finding.outcome = Outcome::fail;
  finding.seen =
      *other == nullptr ? "no connector: it takes the mail server's own way" : "it leaves by " + (*other)->name;
  finding.hint = why_not_taken(connector, address, *other);
  steps.add(std::move(finding), Obstacle::other_route);
}

}  // namespace connectord::probe
