#include "connectord/exchange/exchange.h"

#include <algorithm>
#include <set>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/config/connector_name.h"
#include "connectord/net/domain_name.h"
#include "powershell.h"
#include "properties.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_connectors = 10'000;

enum class Kind { inbound, outbound, rule, organization, accepted_domain, none };

Kind kind_of(const Properties& properties) {
  const bool inbound =
      properties.has("SenderDomains") || properties.has("SenderIPAddresses") || properties.has("RequireTls");
  const bool outbound =
      properties.has("RecipientDomains") || properties.has("SmartHosts") || properties.has("UseMXRecord");
  const bool rule = properties.has("StopRuleProcessing") || properties.has("RuleErrorAction") ||
                    (properties.has("Conditions") && properties.has("Actions"));
  if (rule && !inbound && !outbound) return Kind::rule;
  if (inbound == outbound && properties.has("RejectDirectSend")) return Kind::organization;
  if (inbound == outbound && properties.has("DomainName") && properties.has("DomainType")) return Kind::accepted_domain;
  if (inbound == outbound) return Kind::none;
  return inbound ? Kind::inbound : Kind::outbound;
}

// A connector always has these, so an export without one says less than Exchange does.
void report_missing(Kind kind, Properties& properties) {
  static const std::vector<std::string_view> both = {"Name", "Enabled", "ConnectorType"};
  static const std::vector<std::string_view> inbound = {"SenderDomains",
                                                        "SenderIPAddresses",
                                                        "RequireTls",
                                                        "RestrictDomainsToIPAddresses",
                                                        "RestrictDomainsToCertificate",
                                                        "TlsSenderCertificateName"};
  static const std::vector<std::string_view> outbound = {"RecipientDomains", "SmartHosts", "UseMXRecord",
                                                         "TlsSettings",      "TlsDomain",  "IsTransportRuleScoped"};
  std::string missing;
  for (const auto* names : {&both, kind == Kind::inbound ? &inbound : &outbound}) {
    for (const std::string_view name : *names) {
      if (!properties.has(name)) missing += (missing.empty() ? "" : ", ") + std::string(name);
    }
  }
  if (missing.empty()) return;
  properties.warn("the export does not have " + missing +
                  ": taken as not set. Export connectors with all their properties");
}

// What a connector lacks must not make it believe more, or ask for less, than Exchange's does.
void disable_what_is_not_whole(Properties& properties, Json& connector) {
  const std::string refused = properties.refused();
  if (refused.empty()) return;
  connector["enabled"] = false;
  properties.warn("it is written with enabled = false, since not all of it could be taken (" + refused +
                  "): complete it, and enable it then");
}

// `number` counts from 1.
ImportedConnector import_one(const Json& object, std::size_t number, const Organization& organization) {
  ImportedConnector made;
  if (!object.is_object()) {
    made.obstacle = "is no object";
    return made;
  }
  Properties properties(object, made);
  made.name = properties.text("Name");
  const Kind kind = kind_of(properties);
  if (kind == Kind::none) {
    made.obstacle =
        "is neither an inbound connector (SenderDomains) nor an outbound one (RecipientDomains), nor a transport rule "
        "(Conditions, Actions), the organization (RejectDirectSend) or an accepted domain (DomainName)";
    properties.finish();
    return made;
  }
  if (kind == Kind::organization) {
    read_organization(properties, organization);
    return made;
  }
  if (kind == Kind::accepted_domain) {
    read_accepted_domain(properties, organization);
    return made;
  }
  if (kind == Kind::rule) {
    made.table = "rule";
    read_rule(properties, number, made.connector);
    properties.finish();
    return made;
  }
  report_missing(kind, properties);
  Json& connector = made.connector;
  connector["name"] = config::plain_name(made.name);
  if (!config::is_connector_name(connector["name"].get<std::string>())) {
    connector["name"] = "connector-" + std::to_string(number);
  }
  made.table = kind == Kind::inbound ? "inbound" : "outbound";
  connector["direction"] = made.table;
  read_common(properties, connector);
  if (kind == Kind::inbound) {
    read_inbound(properties, connector);
  } else {
    read_outbound(properties, organization.accepted_domains, connector);
  }
  disable_what_is_not_whole(properties, connector);
  properties.finish();
  return made;
}

std::string place_of(std::size_t number, const ImportedConnector& connector) {
  return (connector.table == "rule" ? "rule " : "connector ") + std::to_string(number) + ": " +
         (connector.name.empty() ? "" : "\"" + base::printable(connector.name) + "\": ");
}

}  // namespace

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_blank = base::is_space(c) || base::is_control(c);
    if (!is_blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

// "smtp:*.contoso.com;1" is a domain with its kind and its cost.
DomainList read_domains(Properties& properties, std::string_view name) {
  DomainList list;
  const auto read = [&list](const std::string& item) -> std::optional<std::string> {
    std::string_view text = item;
    constexpr std::string_view kind = "smtp:";
    if (base::equals_ignoring_case(text.substr(0, kind.size()), kind)) text.remove_prefix(kind.size());
    const auto cost = text.find(';');
    std::string domain(base::trimmed(text.substr(0, cost)));
    if (!net::DomainPattern::parse(domain)) return std::nullopt;
    if (cost != std::string_view::npos && base::trimmed(text.substr(cost + 1)) != "1") list.has_costs = true;
    return domain;
  };
  list.domains = properties.list_of(name, "a list of domains, with \"smtp:\" before each or nothing", read);
  return list;
}

void read_common(Properties& properties, Json& connector) {
  const bool changed = connector["name"].get<std::string>() != properties.text("Name");
  properties.taken(
      "Name",
      changed ? "name = \"" + connector["name"].get<std::string>() + "\": other characters are not allowed" : "name");
  const std::string type = properties.text("ConnectorType");
  connector["scenario"] = type == "OnPremises" ? "on-premises" : "partner";
  if (type == "OnPremises" || type == "Partner") {
    properties.taken("ConnectorType", "scenario = \"" + connector["scenario"].get<std::string>() + "\"");
  } else {
    properties.by_hand("ConnectorType", "not known here; write scenario, which is \"partner\" now");
  }
  // Exchange's default is true.
  const bool enabled = !properties.has("Enabled") || properties.flag("Enabled");
  if (!enabled) connector["enabled"] = false;
  properties.taken("Enabled", "enabled");
  const std::string text = properties.text("Comment");
  const std::string comment = on_one_line(text);
  if (!comment.empty()) connector["comment"] = comment;
  properties.taken("Comment", comment.empty() ? "no comment" : comment == text ? "comment" : "comment, on one line");
}

tl::expected<std::vector<ImportedConnector>, std::string> read_exchange(std::string_view text,
                                                                        const Organization& organization) {
  const auto list = read_powershell_objects(text);
  if (!list) return tl::unexpected(list.error());
  if (list->size() > max_connectors) return tl::unexpected(std::string("holds more than 10000 connectors or rules"));
  std::vector<ImportedConnector> connectors;
  std::set<std::string> names;
  for (const Json& object : *list) {
    auto made = import_one(object, connectors.size() + 1, organization);
    if (!made.connector.is_null()) make_unique(made, names);
    connectors.push_back(std::move(made));
  }
  if (connectors.empty()) return tl::unexpected(std::string("holds no connector and no rule"));
  const bool has_any = std::any_of(connectors.begin(), connectors.end(),
                                   [](const ImportedConnector& each) { return each.obstacle.empty(); });
  if (!has_any) return tl::unexpected(place_of(1, connectors.front()) + connectors.front().obstacle);
  return connectors;
}

}  // namespace connectord::exchange
