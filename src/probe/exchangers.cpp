#include "connectord/probe/exchangers.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "connectord/base/files.h"
#include "connectord/base/json.h"
#include "connectord/dns/lookups.h"
#include "connectord/net/domain_name.h"

namespace connectord::probe {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_file = 4U << 20U;
constexpr std::size_t max_exchangers = 20;  // of one domain

std::string exchangers_file(const std::string& folder) {
  return folder + "/exchangers.json";
}

// Without records the host of that name takes the mail (RFC 5321, 5.1). Empty: not known now.
std::optional<std::vector<std::string>> hosts_of(const std::string& domain, const dns::Answer& answer) {
  if (answer.is_temporary()) return std::nullopt;
  if (answer.status == dns::Status::nodata) return std::vector<std::string>{domain};
  std::set<std::string> hosts;
  for (const dns::MailExchanger& exchanger : answer.exchangers) {
    const auto name = net::normalize_domain(exchanger.name);
    if (name && hosts.size() < max_exchangers) hosts.insert(*name);
  }
  return std::vector<std::string>(hosts.begin(), hosts.end());
}

bool is_this_machine(const std::string& host, const ThisMachine& machine, dns::Resolver& resolver) {
  const auto& names = machine.names;
  if (std::find(names.begin(), names.end(), host) != names.end()) return true;
  if (machine.addresses.empty()) return false;
  const dns::Addresses addresses = dns::addresses_of(resolver, host);
  return std::any_of(addresses.found.begin(), addresses.found.end(), [&machine](const net::IpAddress& address) {
    const auto& ours = machine.addresses;
    return std::find(ours.begin(), ours.end(), address) != ours.end();
  });
}

KnownExchangers renewed(const KnownExchangers* known, std::vector<std::string> hosts, std::int64_t now) {
  if (known == nullptr) return {.hosts = std::move(hosts), .before = {}, .since = now};
  if (known->hosts == hosts) return *known;
  return {.hosts = std::move(hosts), .before = known->hosts, .since = now, .has_changed = true};
}

std::vector<std::string> texts_of(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array()) return texts;
  for (const Json& text : *list) {
    if (text.is_string() && texts.size() < max_exchangers) texts.push_back(text.get<std::string>());
  }
  return texts;
}

template <class T>
T known_at(const Json& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end()) return {};
  if constexpr (std::is_same_v<T, bool>) return value->is_boolean() && value->get<bool>();
  if constexpr (std::is_same_v<T, std::int64_t>) return value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

}  // namespace

std::vector<std::string> domains_to_look_up(const model::Configuration& configuration) {
  std::set<std::string> domains;
  for (const net::DomainPattern& pattern : configuration.organization.accepted_domains) {
    const bool is_name = pattern.kind() == net::DomainPattern::Kind::exact;
    if (is_name && domains.size() < max_own_domains) domains.insert(pattern.name());
  }
  return {domains.begin(), domains.end()};
}

std::optional<KnownExchangers> look_up_exchangers(const std::string& domain, const ThisMachine& machine,
                                                  const Exchangers& known, dns::Resolver& resolver, std::int64_t now) {
  const auto old = known.find(domain);
  const KnownExchangers* last = old == known.end() ? nullptr : &old->second;
  auto hosts = hosts_of(domain, *dns::ask(resolver, {domain, dns::Type::mx}));
  if (!hosts) return last == nullptr ? std::nullopt : std::optional(*last);
  KnownExchangers found = renewed(last, std::move(*hosts), now);
  found.is_here = std::any_of(found.hosts.begin(), found.hosts.end(),
                              [&](const std::string& host) { return is_this_machine(host, machine, resolver); });
  return found;
}

KeptExchangers read_exchangers(const std::string& folder) {
  const auto text = base::read_file(exchangers_file(folder), max_file);
  if (!text) return {};
  const Json whole = base::parse_json(*text);
  if (!whole.is_object() || !whole.contains("domains") || !whole["domains"].is_object()) return {};
  KeptExchangers kept;
  kept.looked = known_at<std::int64_t>(whole, "looked");
  for (const auto& [domain, object] : whole["domains"].items()) {
    if (!object.is_object() || kept.exchangers.size() >= max_own_domains) continue;
    kept.exchangers.emplace(domain, KnownExchangers{.hosts = texts_of(object, "hosts"),
                                                    .before = texts_of(object, "before"),
                                                    .since = known_at<std::int64_t>(object, "since"),
                                                    .has_changed = known_at<bool>(object, "changed"),
                                                    .is_here = known_at<bool>(object, "here")});
  }
  return kept;
}

tl::expected<void, std::string> write_exchangers(const std::string& folder, const KeptExchangers& kept) {
  Json domains = Json::object();
  for (const auto& [domain, known] : kept.exchangers) {
    domains[domain] = {{"hosts", known.hosts},
                       {"before", known.before},
                       {"since", known.since},
                       {"changed", known.has_changed},
                       {"here", known.is_here}};
  }
  const Json whole = {{"looked", kept.looked}, {"domains", std::move(domains)}};
  return base::replace_file(exchangers_file(folder), base::json_text(whole, 1) + "\n", {.mode = 0644});
}

}  // namespace connectord::probe
