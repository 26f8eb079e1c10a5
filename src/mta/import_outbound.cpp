#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"
#include "import_parts.h"
#include "outbound_items.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

using config::Fate;

struct PolicyEntry {
  std::string value;
  bool is_used;
};

bool is_at_or_below(std::string_view domain, const Domains& of) {
  for (; !domain.empty(); domain = net::parent_domain(domain)) {
    if (of.contains(domain)) return true;
  }
  return false;
}

// An address, or "@domain".
bool is_sender(std::string_view key) {
  const std::size_t at = key.rfind('@');
  return at != std::string_view::npos && base::is_utf8(key) && net::normalize_domain(key.substr(at + 1)).has_value();
}

class OutboundImport {
 public:
  OutboundImport(const PostfixSetup& setup, ImportedTables& tables, const PostfixImportOptions& options,
                 PostfixImport& into, Remainder& remainder)
      : setup_(setup),
        tables_(tables),
        options_(options),
        into_(into),
        remainder_(remainder),
        accepted_(options.accepted_domains) {}

  void run() {
    default_way();
    transports();
    relayhost();
    by_sender("sender_dependent_relayhost_maps", false);
    by_sender("sender_dependent_default_transport_maps", true);
    services();
    passwords();
    policies();
    look_at_kept();
    make_outbound_connectors(std::move(items_), setup_, accepted_, options_.secrets, into_);
  }

 private:
  // transport(5), "transport:nexthop". A next hop there counts before relayhost (trivial-rewrite(8)).
  void default_way() {
    const std::string& transport = setup_.effective("default_transport");
    const std::size_t colon = transport.find(':');
    default_.service = transport.substr(0, colon);
    if (default_.service.empty()) default_.service = "smtp";
    const std::string named = colon == std::string::npos ? "" : transport.substr(colon + 1);
    has_fixed_hop_ = !named.empty();
    auto hops = read_next_hops(has_fixed_hop_ ? named : setup_.effective("relayhost"));
    if (hops) {
      default_.hops = std::move(*hops);
    } else {
      default_obstacle_ = hops.error();
    }
  }

  bool is_smtp(const std::string& service) const {
    const auto found = std::find_if(setup_.services.begin(), setup_.services.end(), [&](const PostfixService& one) {
      return one.name == service && one.type == "unix";
    });
    // A setup without such services is main.cf alone.
    return found == setup_.services.end() ? service == "smtp" || service == "relay" : found->program == "smtp";
  }

  void transports() {
    const std::string parameter = "transport_maps";
    const std::string& parents = setup_.effective("parent_domain_matches_subdomains");
    const std::vector<ListWord> words = list_words(parents);
    subdomains_match_ =
        std::any_of(words.begin(), words.end(), [&](const ListWord& word) { return word.text == parameter; });
    each_first_entry(parameter, [this](const std::string& name, const TableEntry& entry) { transport(name, entry); });
  }

  // The entries of a parameter's tables. Of those with one key, the first counts.
  void each_first_entry(const std::string& parameter,
                        const std::function<void(const std::string& name, const TableEntry&)>& take) {
    std::set<std::string_view> seen;
    for (const ImportedTable* table : tables_.of_list(setup_.effective(parameter))) {
      if (!remainder_.is_read(parameter, *table)) continue;
      for (const TableEntry& entry : table->entries) {
        const std::string name = parameter + " " + entry.key;
        if (seen.insert(entry.key).second) {
          take(name, entry);
        } else {
          remainder_.left(name, entry.value, "an earlier table has this key");
        }
      }
    }
  }

  void transport(const std::string& name, const TableEntry& entry) {
    if (entry.key.find('@') != std::string::npos) {
      return remainder_.left(name, entry.value,
                             "for a single address; Postfix's entry goes on counting before any connector");
    }
    OutboundItem item;
    const bool below = entry.key.starts_with('.');
    if (below && subdomains_match_) return remainder_.left(name, entry.value, "Postfix does not look it up");
    item.is_below = entry.key != "*" && (below || subdomains_match_);
    item.is_itself = !below;
    const auto domain = net::normalize_domain(below ? std::string_view(entry.key).substr(1) : entry.key);
    if (entry.key != "*" && !domain) return remainder_.by_hand(name, entry.value, "its key is no domain");
    item.domain = entry.key == "*" ? entry.key : *domain;
    const std::size_t colon = entry.value.find(':');
    if (colon == std::string::npos) {
      return remainder_.by_hand(name, entry.value, "it is not \"transport:nexthop\"");
    }
    const std::string service = entry.value.substr(0, colon);
    const std::string nexthop = entry.value.substr(colon + 1);
    item.way.service = service.empty() ? default_.service : service;
    if (!is_smtp(item.way.service)) {
      kept_domains_.insert(item.domain);
      kept_.push_back({std::move(item), name, entry.value});
      return;
    }
    // With neither, it goes as if there were no entry.
    if (service.empty() && nexthop.empty()) {
      item.way = default_;
    } else if (auto hops = read_next_hops(nexthop)) {
      item.way.hops = std::move(*hops);
    } else {
      return remainder_.by_hand(name, entry.value, hops.error());
    }
    has_all_ = has_all_ || item.domain == "*";
    item.report(name, entry.value, Fate::taken,
                item.way.hops.empty() ? "recipient_domains; by the MX records, without route.smart_hosts"
                                      : "recipient_domains, route.smart_hosts");
    items_.push_back(std::move(item));
  }

  void relayhost() {
    const std::string name = has_fixed_hop_ ? "default_transport" : "relayhost";
    const std::string& value = setup_.effective(name);
    if (has_fixed_hop_ && !setup_.effective("relayhost").empty()) {
      remainder_.left("relayhost", setup_.effective("relayhost"), "default_transport names a next hop, which counts");
    }
    if (default_.hops.empty() && default_obstacle_.empty()) return;
    if (has_all_) return remainder_.left(name, value, "transport_maps has an entry for all domains");
    if (!default_obstacle_.empty()) return remainder_.by_hand(name, value, default_obstacle_);
    if (!is_smtp(default_.service)) {
      return remainder_.by_hand(name, value, "default_transport is no smtp(8) client: " + default_.service);
    }
    OutboundItem item{.domain = "*", .way = default_};
    item.report(name, value, Fate::taken, "recipient_domains = [\"*\"], route.smart_hosts");
    items_.push_back(std::move(item));
  }

  void by_sender(const std::string& parameter, bool with_transport) {
    each_first_entry(parameter, [&](const std::string& name, const TableEntry& entry) {
      if (base::to_lower(entry.value) == "dunno") {
        remainder_.left(name, entry.value, "it says nothing of its own");
      } else {
        of_sender(name, entry, with_transport);
      }
    });
  }

  void of_sender(const std::string& name, const TableEntry& entry, bool with_transport) {
    if (!is_sender(entry.key)) {
      return remainder_.by_hand(name, entry.value, "its key is neither an address nor \"@domain\"");
    }
    if (has_all_ && !with_transport) {
      return remainder_.left(name, entry.value, "transport_maps has an entry for all domains, which counts before");
    }
    if (has_fixed_hop_ && !with_transport) {
      return remainder_.left(name, entry.value, "default_transport names a next hop, which counts before");
    }
    const std::size_t colon = with_transport ? entry.value.find(':') : std::string::npos;
    OutboundItem item{.sender = entry.key, .way = {.service = default_.service}};
    if (colon != std::string::npos && colon > 0) item.way.service = entry.value.substr(0, colon);
    if (!is_smtp(item.way.service)) {
      return remainder_.by_hand(
          name, entry.value,
          "it is delivered by " + base::printable(item.way.service) + ", which is no smtp(8) client");
    }
    auto hops = read_next_hops(colon == std::string::npos ? std::string_view(entry.value)
                                                          : std::string_view(entry.value).substr(colon + 1));
    if (!hops) return remainder_.by_hand(name, entry.value, hops.error());
    if (hops->empty()) {
      return remainder_.by_hand(name, entry.value, "a connector by sender alone needs smart hosts");
    }
    item.way.hops = std::move(*hops);
    item.report(name, entry.value, Fate::taken,
                entry.key.starts_with('@') ? "sender_domains, route.smart_hosts" : "senders, route.smart_hosts");
    items_.push_back(std::move(item));
  }

  void services() {
    static const std::set<std::string, std::less<>> looked_at = {
        "smtp_tls_wrappermode",       "smtp_tls_security_level",        "smtp_tls_cert_file",
        "smtp_tls_key_file",          "smtp_sasl_auth_enable",          "smtp_sasl_password_maps",
        "smtp_sasl_security_options", "smtp_sasl_tls_security_options", "syslog_name",
        "smtp_tls_loglevel"};
    for (OutboundItem& item : items_) {
      for (const PostfixService& service : setup_.services) {
        if (service.name != item.way.service || service.type != "unix") continue;
        for (const auto& [name, value] : service.overrides) {
          if (looked_at.contains(name)) continue;
          item.report(service.label() + " " + name, value, Fate::by_hand,
                      "a connector's mail leaves by another service, which does not set it");
        }
        if (service.overrides.contains("smtp_tls_security_level")) of_service(item, service);
        if (service.overrides.contains("smtp_tls_cert_file")) certificate(item, service);
      }
    }
  }

  static std::string destination_of(const OutboundItem& item) {
    if (!item.way.hops.empty()) return item.way.hops.size() == 1 ? item.way.hops.front().host : "";
    return item.is_below || item.domain == "*" ? "" : item.domain;
  }

  static void of_service(OutboundItem& item, const PostfixService& service) {
    const std::string& level = service.overrides.at("smtp_tls_security_level");
    auto tls = read_tls_policy(level, destination_of(item));
    const std::string name = service.label() + " smtp_tls_security_level";
    if (!tls) return item.report(name, level, Fate::by_hand, tls.error());
    take_tls(item, std::move(*tls), name, level);
  }

  static void take_tls(OutboundItem& item, ConnectorKeys tls, const std::string& name, std::string_view value) {
    std::string words = "tls.level = " + base::json_text(tls["level"]);
    if (tls.contains("dane")) {
      words += ", tls.dane = " + base::json_text(tls["dane"]);
      item.warnings.emplace_back(
          "tls.dane needs a resolver on this machine that validates DNSSEC in servers of [dns], as Postfix does");
    }
    item.report(name, value, Fate::taken, words);
    item.tls = std::move(tls);
  }

  void certificate(OutboundItem& item, const PostfixService& service) const {
    const std::string& file = service.overrides.at("smtp_tls_cert_file");
    const auto key = service.overrides.find("smtp_tls_key_file");
    const std::string name = service.label() + " smtp_tls_cert_file";
    // Where the connector says something of TLS, it says the level too.
    auto tls = item.tls.is_null() ? read_tls_policy(setup_.effective("smtp_tls_security_level"), destination_of(item))
                                  : tl::expected<ConnectorKeys, std::string>(item.tls);
    if (!tls || key == service.overrides.end()) {
      return item.report(name, file, Fate::by_hand, "write outbound.tls.certificate, key and level");
    }
    item.tls = std::move(*tls);
    item.tls["certificate"] = file;
    item.tls["key"] = key->second;
    item.report(name, file, Fate::taken, "tls.certificate, tls.key");
  }

  // smtp_sasl_passwd_lookup() asks for the sender, the host and the next hop.
  std::vector<std::string> password_keys(const OutboundItem& item, const NextHop& hop) const {
    std::vector<std::string> keys;
    if (!item.sender.empty() && setting_of(setup_, item.way, "smtp_sender_dependent_authentication") == "yes") {
      keys.push_back(item.sender);
      keys.push_back(item.sender.substr(item.sender.rfind('@')));
    }
    if (!hop.look_up_mx) keys.push_back(hop.host);
    keys.push_back(hop.text);
    return keys;
  }

  const TableEntry* password_of(const OutboundItem& item, const NextHop& hop) {
    if (setting_of(setup_, item.way, "smtp_sasl_auth_enable") != "yes") return nullptr;
    for (const std::string& key : password_keys(item, hop)) {
      for (const ImportedTable* table : tables_.of_list(setting_of(setup_, item.way, "smtp_sasl_password_maps"))) {
        if (const TableEntry* const found = table->find(key); found != nullptr) return found;
      }
    }
    return nullptr;
  }

  void passwords() {
    add_senders_with_passwords();
    std::set<std::string> used;
    for (OutboundItem& item : items_) password(item, used);
    const std::string parameter = "smtp_sasl_password_maps";
    for (const ImportedTable* table : tables_.of_list(setup_.effective(parameter))) {
      if (!remainder_.is_read(parameter, *table)) continue;
      for (const TableEntry& entry : table->entries) {
        if (!used.contains(entry.key)) {
          remainder_.left(parameter + " " + entry.key, shown(entry.value), "no connector's host or sender asks for it");
        }
      }
    }
  }

  // Whose mail takes the way of all, as another user.
  void add_senders_with_passwords() {
    if (setup_.effective("smtp_sender_dependent_authentication") != "yes" || default_.hops.empty()) return;
    std::set<std::string> senders;
    for (const OutboundItem& item : items_) senders.insert(item.sender);
    for (const ImportedTable* table : tables_.of_list(setup_.effective("smtp_sasl_password_maps"))) {
      for (const TableEntry& entry : table->entries) {
        if (!is_sender(entry.key) || senders.contains(entry.key)) continue;
        items_.push_back({.sender = entry.key, .way = default_});
      }
    }
  }

  static std::string shown(std::string_view password) {
    const std::size_t colon = password.find(':');
    return colon == std::string_view::npos ? "..." : std::string(password.substr(0, colon)) + ":...";
  }

  void password(OutboundItem& item, std::set<std::string>& used) {
    const TableEntry* first = nullptr;
    bool same = true;
    for (const NextHop& hop : item.way.hops) {
      const TableEntry* const found = password_of(item, hop);
      if (found != nullptr) used.insert(found->key);
      same = same && (&hop == &item.way.hops.front() || (found == nullptr) == (first == nullptr)) &&
             (found == nullptr || first == nullptr || found->value == first->value);
      if (first == nullptr) first = found;
    }
    if (first == nullptr) return;
    const std::string name = "smtp_sasl_password_maps " + first->key;
    if (!same) {
      return item.report(name, shown(first->value), Fate::by_hand,
                         "its hosts have different passwords; make a connector for each");
    }
    const std::size_t colon = first->value.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == first->value.size()) {
      return item.report(name, "...", Fate::by_hand,
                         "it is not \"user:password\"; write the file for route.credentials");
    }
    item.password = first->value;
    item.report(name, shown(first->value), Fate::taken, "the file that route.credentials names");
    // Without a port, the password would be for that host on every way to it.
    for (NextHop& hop : item.way.hops) {
      if (hop.look_up_mx && hop.port.empty()) hop.port = "25";
    }
  }

  void policies() {
    std::vector<std::string> keys;
    each_first_entry("smtp_tls_policy_maps", [&](const std::string&, const TableEntry& entry) {
      policies_.emplace(entry.key, PolicyEntry{entry.value, false});
      keys.push_back(entry.key);
    });
    ways_ = subtrees(true);
    for (OutboundItem& item : items_) policy(item);
    for (const std::string& key : keys) {
      if (!policies_.at(key).is_used) policy_alone(key);
    }
  }

  // tls_policy_lookup(): a next hop that is no domain alone has no parents.
  std::string policy_key(const std::string& next_hop, bool below) const {
    if (!below && policies_.contains(next_hop)) return next_hop;
    if (!net::normalize_domain(next_hop)) return {};
    std::string parent = below ? "." + next_hop : next_hop.substr(std::min(next_hop.find('.'), next_hop.size()));
    while (!parent.empty()) {
      if (policies_.contains(parent)) return parent;
      const std::size_t dot = parent.find('.', 1);
      parent = dot == std::string::npos ? "" : parent.substr(dot);
    }
    return {};
  }

  void policy(OutboundItem& item) {
    std::vector<std::string> keys;
    if (item.way.hops.empty() && item.domain != "*") keys.push_back(policy_key(item.domain, !item.is_itself));
    for (const NextHop& hop : item.way.hops) keys.push_back(policy_key(hop.text, false));
    std::string first;
    bool same = true;
    for (const std::string& key : keys) {
      if (key.empty()) continue;
      PolicyEntry& entry = policies_.at(key);
      entry.is_used = true;
      if (first.empty()) first = key;
      same = same && entry.value == policies_.at(first).value;
    }
    if (!first.empty()) apply_policy(item, first, same && std::find(keys.begin(), keys.end(), "") == keys.end());
  }

  // A policy that has no equal goes on counting in Postfix's own table, where connectord says nothing of TLS and the
  // next hop is still written as it was.
  void apply_policy(OutboundItem& item, const std::string& key, bool for_all) {
    const std::string& value = policies_.at(key).value;
    const std::string name = "smtp_tls_policy_maps " + key;
    auto tls = for_all ? read_tls_policy(value, destination_of(item))
                       : tl::unexpected<std::string>("its hosts have different policies");
    if (tls) {
      if (item.tls.contains("certificate")) {
        (*tls)["certificate"] = item.tls["certificate"];
        (*tls)["key"] = item.tls["key"];
      }
      return take_tls(item, std::move(*tls), name, value);
    }
    const bool asked_alike = std::all_of(item.way.hops.begin(), item.way.hops.end(),
                                         [](const NextHop& hop) { return hop.text == hop.smart_host(false); });
    if (asked_alike && item.tls.is_null()) {
      return item.report(name, value, Fate::left,
                         tls.error() + "; Postfix's table goes on counting, since the connector says nothing of TLS");
    }
    item.report(name, value, Fate::by_hand, tls.error() + "; write [outbound.tls]");
  }

  // Of a domain that has no way of its own.
  void policy_alone(const std::string& key) {
    const std::string name = "smtp_tls_policy_maps " + key;
    const std::string& value = policies_.at(key).value;
    const bool below = key.starts_with('.');
    const auto domain = net::normalize_domain(below ? std::string_view(key).substr(1) : key);
    if (!domain || !default_.hops.empty() || has_all_ || kept_domains_.contains(*domain) ||
        is_at_or_below(*domain, ways_)) {
      return remainder_.left(name, value, "no mail has this next hop");
    }
    OutboundItem item{.domain = *domain, .is_below = below, .is_itself = !below, .way = default_};
    apply_policy(item, key, true);
    if (item.tls.is_null()) {
      remainder_.properties.insert(remainder_.properties.end(), item.properties.begin(), item.properties.end());
    } else {
      items_.push_back(std::move(item));
    }
  }

  // Domains with all below them that are on a way, or on one to smart hosts.
  Domains subtrees(bool to_smart_hosts) const {
    Domains found;
    for (const OutboundItem& item : items_) {
      if (item.is_below && (!to_smart_hosts || !item.way.hops.empty())) found.insert(item.domain);
    }
    return found;
  }

  struct Kept {
    OutboundItem item;
    std::string name;
    std::string value;
  };

  // Postfix asks every table for the whole address, which connectord answers, before it asks any for the domain.
  void look_at_kept() {
    const Domains wide = subtrees(false);
    const bool has_any =
        std::any_of(items_.begin(), items_.end(), [](const OutboundItem& item) { return item.domain == "*"; });
    for (const Kept& kept : kept_) {
      const std::string& domain = kept.item.domain;
      const bool is_taken = !accepted_.contains(domain) && (has_any || is_at_or_below(domain, wide));
      if (is_taken) {
        remainder_.by_hand(kept.name, kept.value,
                           "Postfix delivers it by " + base::printable(kept.item.way.service) +
                               ", and a connector takes all domains: write it into accepted_domains of [organization]");
      } else {
        remainder_.left(kept.name, kept.value,
                        "Postfix goes on delivering it by " + base::printable(kept.item.way.service));
      }
    }
  }

  const PostfixSetup& setup_;
  ImportedTables& tables_;
  const PostfixImportOptions& options_;
  PostfixImport& into_;
  Remainder& remainder_;
  AcceptedDomains accepted_;
  OutboundWay default_;
  std::string default_obstacle_;
  bool subdomains_match_ = false;
  bool has_fixed_hop_ = false;  // default_transport names one
  bool has_all_ = false;        // transport_maps has "*"
  std::vector<OutboundItem> items_;
  std::vector<Kept> kept_;
  Domains kept_domains_;
  Domains ways_;  // subtrees on a way to smart hosts
  std::map<std::string, PolicyEntry> policies_;
};

}  // namespace

void import_outbound(const PostfixSetup& setup, ImportedTables& tables, const PostfixImportOptions& options,
                     PostfixImport& into, Remainder& remainder) {
  OutboundImport(setup, tables, options, into, remainder).run();
}

}  // namespace connectord::mta
