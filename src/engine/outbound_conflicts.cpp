#include "outbound_conflicts.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "connectord/engine/outbound_index.h"

namespace connectord::engine {
namespace {

using model::OutboundConnector;
using model::Problem;

std::string named(const OutboundConnector& connector) {
  return "\"" + connector.name + "\" (" + to_string(connector.location) + ")";
}

bool uses_mx(const OutboundConnector& connector) {
  return connector.route.smart_hosts.empty();
}

bool same_scope(const OutboundConnector& a, const OutboundConnector& b) {
  return a.rule_scoped == b.rule_scoped && a.inbound_connectors == b.inbound_connectors && a.senders == b.senders &&
         a.sender_domains == b.sender_domains;
}

// Each way to say whose mail a connector is for: a tag, a sender, or nothing.
std::vector<std::string> origins_of(const OutboundConnector& connector) {
  std::vector<std::string> origins;
  for (const std::string& tag : connector.inbound_connectors) origins.push_back("mail that came in over " + tag);
  for (const std::string& sender : connector.senders) {
    const auto at = sender.rfind('@');
    const auto domain = net::normalize_domain(at == std::string::npos ? "" : sender.substr(at + 1));
    origins.push_back("mail of " + SenderIndex::key_of(sender.substr(0, at), domain.value_or("")));
  }
  for (const net::DomainPattern& pattern : connector.sender_domains) {
    origins.push_back("mail of senders in " + pattern.to_string());
  }
  if (origins.empty()) origins.emplace_back();
  return origins;
}

class OutboundConflicts {
 public:
  OutboundConflicts(const model::Configuration& configuration, std::vector<Problem>& problems)
      : connectors_(configuration.outbound), problems_(problems) {}

  void run() {
    for (ConnectorNumber number = 0; number < connectors_.size(); ++number) {
      if (!connectors_[number].enabled) continue;
      scopes(connectors_[number]);
      smart_hosts(connectors_[number]);
      if (uses_mx(connectors_[number]) && !connectors_[number].needs_own_service()) add_mx(number);
    }
    for (const OutboundConnector& connector : connectors_) {
      if (connector.enabled && uses_mx(connector) && !connector.needs_own_service()) mx(connector);
    }
  }

 private:
  using First = std::unordered_map<std::string, const OutboundConnector*>;

  // Two that are for the very same mail.
  void scopes(const OutboundConnector& connector) {
    if (connector.rule_scoped) return;
    for (const net::DomainPattern& pattern : destinations(connector)) {
      for (const std::string& origin : origins_of(connector)) meet(pattern, origin, connector);
    }
  }

  void meet(const net::DomainPattern& pattern, const std::string& origin, const OutboundConnector& connector) {
    const auto [other, is_new] = scopes_.try_emplace(pattern.to_string() + "\n" + origin, &connector);
    if (is_new || !is_new_pair(connector, *other->second)) return;
    error(connector, "outbound.recipient_domains",
          "connector \"" + connector.name + "\" and " + named(*other->second) + " are both for " + pattern.to_string() +
              (origin.empty() ? "" : " of " + origin) + "; give each " +
              (connector.is_by_sender() ? "senders" : "domains") + " of its own, or disable one");
  }

  void smart_hosts(const OutboundConnector& connector) {
    if (connector.needs_own_service()) return;
    for (const model::SmartHost& host : connector.route.smart_hosts) {
      const std::string next_hop = to_string(host);
      const auto [other, is_new] = next_hops_.try_emplace(next_hop, &connector);
      if (!is_new) compare(connector, *other->second, next_hop);
    }
  }

  void add_mx(ConnectorNumber number) {
    for (const net::DomainPattern& pattern : destinations(connectors_[number])) {
      (connectors_[number].is_scoped() ? scoped_mx_ : open_mx_).add(pattern, number);
    }
  }

  // TLS is asked for by next hop, and so for all mail that goes there, while a scoped connector is for some of it only.
  // A next hop of a connector without smart hosts is a domain, whoever's mail goes there. Among the open ones the most
  // specific has it, as it has the mail.
  void mx(const OutboundConnector& connector) {
    const auto against = [&](const net::DomainPattern& pattern) {
      return [&](ConnectorNumber number, unsigned) {
        const OutboundConnector& other = connectors_[number];
        if (!same_scope(connector, other)) compare(connector, other, pattern.to_string());
      };
    };
    for (const net::DomainPattern& pattern : destinations(connector)) {
      scoped_mx_.visit(pattern.name(), against(pattern));
      if (connector.is_scoped()) open_mx_.visit(pattern.name(), against(pattern));
      if (const auto host = next_hops_.find(pattern.name()); host != next_hops_.end()) {
        compare(connector, *host->second, pattern.name());
      }
    }
  }

  void compare(const OutboundConnector& a, const OutboundConnector& b, const std::string& next_hop) {
    if (&a == &b) return;
    const bool tls = !same_protection(a.tls, b.tls);
    if (!tls && a.route.credentials == b.route.credentials) return;
    if (!is_new_pair(a, b)) return;
    error(a, tls ? "outbound.tls" : "outbound.route.credentials",
          "connector \"" + a.name + "\" and " + named(b) + " want different " + (tls ? "TLS" : "credentials") +
              " for next hop " + next_hop +
              ", and a mail server asks by next hop only; write the same in both, or reach the host by another name or "
              "port in one of them");
  }

  // Once for each pair.
  bool is_new_pair(const OutboundConnector& a, const OutboundConnector& b) {
    return &a != &b && reported_.insert(std::minmax(&a, &b)).second;
  }

  void error(const OutboundConnector& connector, std::string key, std::string message) {
    problems_.push_back({connector.location, std::move(key), std::move(message), Problem::Severity::error});
  }

  const std::vector<OutboundConnector>& connectors_;
  std::vector<Problem>& problems_;
  First scopes_;
  First next_hops_;
  DomainIndex open_mx_;
  DomainIndex scoped_mx_;
  std::set<std::pair<const OutboundConnector*, const OutboundConnector*>> reported_;
};

}  // namespace

void find_outbound_conflicts(const model::Configuration& configuration, std::vector<Problem>& problems) {
  OutboundConflicts(configuration, problems).run();
}

}  // namespace connectord::engine
