#include "exchange.h"

#include <algorithm>

#include "../expected.h"
#include "connectord/mail/text.h"
#include "connectord/net/ascii_case.h"
#include "powershell.h"
#include "properties.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_connectors = 10'000;
constexpr std::size_t longest_name = 100;

// A name of ours: letters, digits, '-', '_' and '.'.
std::string plain_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = mail::is_alpha(c) || mail::is_digit(c) || c == '-' || c == '_' || c == '.';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  name.resize(std::min(name.size(), longest_name));
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

Expected<ImportedConnector> import_one(const Json& object, const std::vector<std::string>& accepted_domains) {
  if (!object.is_object()) return tl::unexpected(std::string("is no object"));
  ImportedConnector made;
  Properties properties(object, made);
  made.name = properties.text("Name");
  const auto fail = [&made](const std::string& why) {
    return tl::unexpected((made.name.empty() ? "" : "\"" + mail::printable(made.name) + "\": ") + why);
  };
  const Kind kind = kind_of(properties);
  if (kind == Kind::neither) {
    return fail("is neither an inbound connector (SenderDomains) nor an outbound one (RecipientDomains)");
  }
  tell_missing(kind, properties);
  Json& connector = made.connector;
  connector["name"] = plain_name(made.name);
  connector["direction"] = kind == Kind::inbound ? "inbound" : "outbound";
  read_common(properties, connector);
  if (kind == Kind::inbound) {
    read_inbound(properties, connector);
  } else {
    read_outbound(properties, accepted_domains, connector);
  }
  properties.finish();
  if (!properties.problem().empty()) return fail(properties.problem());
  if (connector["name"].get<std::string>().empty()) return fail("has no name that could be one here");
  return made;
}

}  // namespace

// "smtp:*.contoso.com;1" is a domain with its kind and its cost.
DomainList read_domains(Properties& properties, std::string_view name) {
  DomainList list;
  for (const std::string& item : properties.list(name)) {
    std::string_view text = item;
    constexpr std::string_view kind = "smtp:";
    if (net::equals_ignoring_case(text.substr(0, kind.size()), kind)) text.remove_prefix(kind.size());
    const auto cost = text.find(';');
    if (text.find(':') != std::string_view::npos) {
      properties.refuse(name, "a list of domains, with \"smtp:\" before each or nothing");
      return {};
    }
    list.domains.emplace_back(mail::trimmed(text.substr(0, cost)));
    if (cost != std::string_view::npos && mail::trimmed(text.substr(cost + 1)) != "1") list.has_costs = true;
  }
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
  const std::string comment = properties.text("Comment");
  if (!comment.empty()) connector["comment"] = comment;
  properties.taken("Comment", comment.empty() ? "no comment" : "comment");
}

tl::expected<std::vector<ImportedConnector>, std::string> read_exchange(
    std::string_view text, const std::vector<std::string>& accepted_domains) {
  const auto list = read_powershell_objects(text);
  if (!list) return tl::unexpected(list.error());
  if (list->size() > most_connectors) return tl::unexpected(std::string("holds more than 10000 connectors"));
  std::vector<ImportedConnector> connectors;
  for (const Json& object : *list) {
    auto made = import_one(object, accepted_domains);
    if (!made) return tl::unexpected("connector " + std::to_string(connectors.size() + 1) + ": " + made.error());
    connectors.push_back(std::move(*made));
  }
  if (connectors.empty()) return tl::unexpected(std::string("holds no connector"));
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

}  // namespace connectord::ctl
