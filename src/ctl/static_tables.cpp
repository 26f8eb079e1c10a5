#include "static_tables.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "connectord/engine/outbound_index.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/postfix_terms.h"
#include "connectord/mail/sendmail_terms.h"

namespace connectord::ctl {
namespace {

using engine::Policy;
using model::OutboundConnector;

// A label that no pattern has: what holds for it below a name holds for all that is not named there.
constexpr std::string_view any_label = "_any";
// A local part that no connector names.
constexpr std::string_view any_sender = "_any";
// What stands for all names that are not there. Not of one label, which is a host of our own.
constexpr const char* any_domain = "_any._any";

// Everything that is said of single domains, with what stands for all others, as a mail server's table has it: the name
// itself, ".name" for what is below, and a word for the rest. Each value is the engine's own answer.
class DomainTable {
 public:
  using Ask = std::function<std::optional<std::string>(const std::string& domain)>;

  DomainTable(std::set<std::string> names, Ask ask, std::string rest_key)
      : names_(std::move(names)), ask_(std::move(ask)), rest_key_(std::move(rest_key)) {}

  // Only what does not follow from a shorter name, or from the rest. Where nothing is to be said although it would
  // follow, `none` is called with the key.
  void write(StaticTable& table, const std::function<void(const std::string& key)>& none) const {
    const auto rest = ask_(any_domain);
    if (rest && !rest_key_.empty()) table.rows.emplace_back(rest_key_, *rest);
    const auto row = [&](const std::string& key, const std::optional<std::string>& value) {
      value ? void(table.rows.emplace_back(key, *value)) : none(key);
    };
    for (const std::string& name : names_) {
      const auto inherited = inherited_by(name, rest);
      const auto own = ask_(name);
      const auto below = ask_below(name);
      if (own != inherited) row(name, own);
      if (below != inherited) row("." + name, below);
    }
  }

  std::optional<std::string> rest() const { return ask_(any_domain); }

 private:
  std::optional<std::string> ask_below(std::string_view name) const {
    return ask_(std::string(any_label) + "." + std::string(name));
  }
  std::optional<std::string> inherited_by(std::string_view name, const std::optional<std::string>& rest) const {
    for (std::string_view parent = net::parent_domain(name); !parent.empty(); parent = net::parent_domain(parent)) {
      if (names_.contains(std::string(parent))) return ask_below(parent);
    }
    return rest_key_.empty() ? std::nullopt : rest;
  }

  std::set<std::string> names_;
  Ask ask_;
  std::string rest_key_;
};

std::set<std::string> names_in(const std::vector<net::DomainPattern>& patterns) {
  std::set<std::string> names;
  for (const auto& pattern : patterns) {
    if (!pattern.name().empty()) names.insert(pattern.name());
  }
  return names;
}

bool is_of_any_origin(const OutboundConnector& connector) {
  return connector.enabled && !connector.is_scoped();
}

// What a route depends on: the connectors' domains, and our own.
std::set<std::string> domains_with_routes(const Policy& policy) {
  const model::Configuration& configuration = policy.configuration();
  std::set<std::string> names = names_in(configuration.organization.accepted_domains);
  for (const OutboundConnector& connector : configuration.outbound) {
    if (is_of_any_origin(connector)) names.merge(names_in(connector.recipient_domains));
  }
  return names;
}

// A table with a line for all that is left must except this host too, whose names are not configured.
std::set<std::string> with_this_host(std::set<std::string> names, const Policy& policy) {
  if (auto host = net::normalize_domain(policy.configuration().server.host_name)) names.insert(std::move(*host));
  names.insert({"localhost", "localhost.localdomain"});
  return names;
}

const OutboundConnector* route_to(const Policy& policy, const std::string& domain) {
  return engine::route_of_any_origin(policy, {"@" + domain});
}

// A line for each sender and each domain that a connector names. What stands for all else, a table cannot say.
StaticTable sender_transport(const Policy& policy) {
  StaticTable table{"sender_transport", "sender_dependent_default_transport_maps = texthash:FILE"};
  std::set<std::string> keys;
  for (const OutboundConnector& connector : policy.configuration().outbound) {
    if (!connector.enabled || !connector.is_by_sender_alone() || connector.rule_scoped) continue;
    keys.insert(connector.senders.begin(), connector.senders.end());
    for (const net::DomainPattern& pattern : connector.sender_domains) {
      if (!pattern.name().empty()) keys.insert("@" + pattern.name());
      if (pattern.kind() == net::DomainPattern::Kind::exact) continue;
      table.notes.push_back("connector " + connector.name + ": no line can say " + pattern.to_string() +
                            "; write one for each domain, or use the socketmap");
    }
  }
  for (const std::string& key : keys) {
    const auto* connector =
        engine::route_by_sender_alone(policy, key.starts_with('@') ? std::string(any_sender) + key : key);
    if (connector != nullptr) table.rows.emplace_back(key, mail::transport_of(*connector));
  }
  if (const auto* rest = engine::route_by_sender_alone(policy, ""); rest != nullptr) {
    table.notes.push_back("for all other senders: default_transport = " + mail::transport_of(*rest));
  }
  return table;
}

StaticTable transport(const Policy& policy) {
  StaticTable table{"transport", "transport_maps = texthash:FILE"};
  const auto ask = [&policy](const std::string& domain) -> std::optional<std::string> {
    const OutboundConnector* connector = engine::route_by_recipient_alone(policy, {"@" + domain});
    return connector == nullptr ? std::nullopt : std::optional(mail::transport_of(*connector));
  };
  const DomainTable domains(with_this_host(domains_with_routes(policy), policy), ask, "*");
  domains.write(table, [&table](const std::string& key) { table.rows.emplace_back(key, ":"); });
  if (domains.rest()) {
    table.notes.emplace_back(
        "\"*\" takes mail for all domains without a line, those of mydestination too: name them in "
        "organization.accepted_domains, or write \"DOMAIN :\"");
  }
  return table;
}

std::set<std::string> domains_with_mx(const Policy& policy) {
  std::set<std::string> names;
  for (const OutboundConnector& connector : policy.configuration().outbound) {
    if (connector.enabled && connector.route.smart_hosts.empty()) names.merge(names_in(connector.recipient_domains));
  }
  return names;
}

StaticTable tls_policy(const Policy& policy) {
  StaticTable table{"tls_policy", "smtp_tls_policy_maps = texthash:FILE"};
  std::set<std::string> seen;
  for (const OutboundConnector& connector : policy.configuration().outbound) {
    const auto wanted = mail::tls_policy_of(connector);
    if (!connector.enabled || !wanted) continue;
    for (const model::SmartHost& host : connector.route.smart_hosts) {
      if (seen.insert(to_string(host)).second) table.rows.emplace_back(to_string(host), *wanted);
    }
  }
  const auto ask = [&policy](const std::string& domain) -> std::optional<std::string> {
    const OutboundConnector* connector = engine::connector_of_next_hop(policy, domain);
    return connector == nullptr ? std::nullopt : mail::tls_policy_of(*connector);
  };
  const DomainTable domains(domains_with_mx(policy), ask, "");
  std::string not_said;
  domains.write(table, [&not_said](const std::string& key) { not_said += " " + key; });
  if (!not_said.empty()) {
    table.notes.push_back("these should have the mail server's own policy, which no line can say:" + not_said);
  }
  if (const auto rest = domains.rest()) {
    table.notes.push_back("for all other domains, set main.cf's own parameters to what this says: " + *rest);
  }
  return table;
}

std::string in_expression(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\^$.[]|()*+?{}/").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

StaticTable header_checks(const Policy& policy) {
  StaticTable table{"header_checks", "milter_header_checks = regexp:FILE"};
  const std::string& tag = policy.configuration().tag.header;
  const auto row = [&table](const std::string& header, const std::string& value, const OutboundConnector& connector) {
    table.rows.emplace_back("/^" + in_expression(header) + ": " + in_expression(value) + "$/",
                            "FILTER " + mail::transport_of(connector));
  };
  std::set<std::string> tags;
  for (const OutboundConnector& connector : policy.configuration().outbound) {
    if (!connector.enabled) continue;
    const bool by_both = connector.is_by_sender() && !connector.is_by_sender_alone();
    if (!connector.inbound_connectors.empty() || by_both) row(tag + "-Route", connector.name, connector);
    tags.insert(connector.inbound_connectors.begin(), connector.inbound_connectors.end());
  }
  for (const std::string& name : tags) {
    if (const auto* connector = engine::route_by_tag_alone(policy, name)) row(tag, name, *connector);
  }
  return table;
}

StaticTable sasl(const Policy& policy) {
  StaticTable table{"sasl", "smtp_sasl_password_maps = texthash:FILE"};
  std::set<std::string> seen;
  for (const OutboundConnector& connector : policy.configuration().outbound) {
    if (!connector.enabled || connector.route.credentials.empty()) continue;
    for (const model::SmartHost& host : connector.route.smart_hosts) {
      if (!seen.insert(to_string(host)).second) continue;
      table.notes.push_back("write: " + to_string(host) + " and what is in " + connector.route.credentials);
    }
  }
  return table;
}

// "_any.example.com" in a value is what Sendmail calls "%1.example.com".
std::string with_argument(std::string value) {
  for (const std::string_view any : {std::string_view(any_domain), any_label}) {
    if (const auto place = value.find(any); place != std::string::npos) return value.replace(place, any.size(), "%1");
  }
  return value;
}

StaticTable mailertable(const Policy& policy) {
  StaticTable table{"mailertable", "FEATURE(`mailertable')"};
  std::set<std::string> problems;
  const auto ask = [&](const std::string& domain) -> std::optional<std::string> {
    const OutboundConnector* connector = route_to(policy, domain);
    if (connector == nullptr) return std::nullopt;
    auto mailer = mail::mailer_of(*connector, domain);
    if (mailer) return with_argument(std::move(*mailer));
    problems.insert(mailer.error());
    return "error:4.3.5:451 no mailer for this domain";  // so that it waits
  };
  std::string not_said;
  const DomainTable domains(domains_with_routes(policy), ask, ".");
  domains.write(table, [&](const std::string& key) { not_said += " " + key; });
  if (!not_said.empty()) {
    table.notes.push_back("these are not to be looked up here, so they must be in class {w}, as local domains are:" +
                          not_said);
  }
  table.notes.insert(table.notes.end(), problems.begin(), problems.end());
  return table;
}

}  // namespace

std::vector<StaticTable> static_tables(const Policy& policy) {
  return {transport(policy), sender_transport(policy), tls_policy(policy), header_checks(policy),
          sasl(policy),      mailertable(policy)};
}

}  // namespace connectord::ctl
