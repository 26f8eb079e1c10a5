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
constexpr std::size_t max_name_length = 100;

// A name of ours: letters, digits, '-', '_' and '.'.
std::string plain_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_' || c == '.';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  name.resize(std::min(name.size(), max_name_length));
  return name;
}

enum class Kind { inbound, outbound, neither };

Kind kind_of(const Properties& properties) {
  const bool inbound =
      properties.has("SenderDomains") || properties.has("SenderIPAddresses") || properties.has("RequireTls");
  const bool outbound =
      properties.has("RecipientDomains") || properties.has("SmartHosts") || properties.has("UseMXRecord");
  if (inbound == outbound) return Kind::neither;
  return inbound ? Kind::inbound : Kind::outbound;
}

// A connector always has these, so an export without one says less than Exchange does.
void tell_missing(Kind kind, Properties& properties) {
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
ImportedConnector import_one(const Json& object, std::size_t number, const std::vector<std::string>& accepted_domains) {
  ImportedConnector made;
  if (!object.is_object()) {
    made.obstacle = "is no object";
    return made;
  }
  Properties properties(object, made);
  made.name = properties.text("Name");
  const Kind kind = kind_of(properties);
  if (kind == Kind::neither) {
    made.obstacle = "is neither an inbound connector (SenderDomains) nor an outbound one (RecipientDomains)";
    properties.finish();
    return made;
  }
  tell_missing(kind, properties);
  Json& connector = made.connector;
  connector["name"] = plain_name(made.name);
  if (!config::is_connector_name(connector["name"].get<std::string>())) {
    connector["name"] = "connector-" + std::to_string(number);
  }
  connector["direction"] = kind == Kind::inbound ? "inbound" : "outbound";
  read_common(properties, connector);
  if (kind == Kind::inbound) {
    read_inbound(properties, connector);
  } else {
    read_outbound(properties, accepted_domains, connector);
  }
  disable_what_is_not_whole(properties, connector);
  properties.finish();
  return made;
}

std::string place_of(std::size_t number, const ImportedConnector& connector) {
  return "connector " + std::to_string(number) + ": " +
         (connector.name.empty() ? "" : "\"" + base::printable(connector.name) + "\": ");
}

// Two names of Exchange's may be one here.
void make_unique(ImportedConnector& made, std::set<std::string>& names) {
  if (!made.obstacle.empty()) return;
  const std::string direction = made.connector["direction"].get<std::string>() + " ";
  const auto name = made.connector["name"].get<std::string>();
  std::string unique = name;
  for (int i = 2; !names.insert(direction + unique).second; ++i) {
    const std::string ending = "-" + std::to_string(i);
    unique = name.substr(0, max_name_length - ending.size()) + ending;
  }
  if (unique == name) return;
  made.connector["name"] = unique;
  made.warnings.push_back("its name would be \"" + name + "\", which another one has: it is \"" + unique + "\" here");
}

// Comments are one line here, of any length.
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

}  // namespace

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

tl::expected<std::vector<ImportedConnector>, std::string> read_exchange(
    std::string_view text, const std::vector<std::string>& accepted_domains) {
  const auto list = read_powershell_objects(text);
  if (!list) return tl::unexpected(list.error());
  if (list->size() > max_connectors) return tl::unexpected(std::string("holds more than 10000 connectors"));
  std::vector<ImportedConnector> connectors;
  std::set<std::string> names;
  for (const Json& object : *list) {
    auto made = import_one(object, connectors.size() + 1, accepted_domains);
    make_unique(made, names);
    connectors.push_back(std::move(made));
  }
  if (connectors.empty()) return tl::unexpected(std::string("holds no connector"));
  const bool has_any = std::any_of(connectors.begin(), connectors.end(),
                                   [](const ImportedConnector& each) { return each.obstacle.empty(); });
  if (!has_any) return tl::unexpected(place_of(1, connectors.front()) + connectors.front().obstacle);
  return connectors;
}

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::taken:
      return "taken";
    case Fate::left:
      return "left";
    case Fate::by_hand:
      return "by hand";
  }
  return "";
}

}  // namespace connectord::exchange
