#include "outbound_items.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>

#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

using config::Fate;

class OutboundConnectors {
 public:
  OutboundConnectors(std::vector<OutboundItem> items, const PostfixSetup& setup, const AcceptedDomains& accepted,
                     const std::string& secrets, PostfixImport& into)
      : items_(std::move(items)), setup_(setup), accepted_(accepted), secrets_(secrets), into_(into) {}

  void run() {
    Domains exact;
    for (const OutboundItem& item : items_) {
      if (item.is_itself) exact.insert(item.domain);
    }
    for (OutboundItem& item : items_) {
      if (!item.is_below || item.is_itself || exact.contains(item.domain) || accepted_.contains(item.domain)) continue;
      item.report("recipient_domains", item.pattern(), Fate::by_hand,
                  "\"" + item.pattern() + "\" is " + item.domain + " too, for which there is no entry");
    }
    std::map<std::string, std::size_t> numbers;  // by the kind
    std::vector<std::vector<const OutboundItem*>> connectors;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const auto [known, is_new] = numbers.emplace(kind_of(items_[i], i), connectors.size());
      if (is_new) connectors.emplace_back();
      connectors[known->second].push_back(&items_[i]);
    }
    for (const auto& items : connectors) make_connector(items);
  }

 private:
  std::vector<std::string> smart_hosts(const OutboundItem& item) const {
    const bool is_wrapped = setting_of(setup_, item.way, "smtp_tls_wrappermode") == "yes";
    std::vector<std::string> hosts;
    for (const NextHop& hop : item.way.hops) hosts.push_back(hop.smart_host(is_wrapped));
    return hosts;
  }

  // Those that leave alike are one connector; one of which not all could be taken is alone.
  std::string kind_of(const OutboundItem& item, std::size_t number) const {
    if (item.is_refused) return "#" + std::to_string(number);
    const bool by_sender = !item.sender.empty();
    const bool for_all = item.domain == "*";
    return base::json_text(ConnectorKeys{by_sender, for_all, item.tls, item.password, smart_hosts(item)});
  }

  static std::string name_of(const OutboundItem& item) {
    if (item.domain == "*") return "all";
    if (!item.sender.empty())
      return config::plain_name(item.sender.starts_with('@') ? item.sender.substr(1) : item.sender);
    return config::plain_name(item.domain);
  }

  void make_connector(const std::vector<const OutboundItem*>& items) {
    const OutboundItem& first = *items.front();
    config::ImportedConnector made;
    made.name = !first.sender.empty() ? first.sender : first.pattern();
    made.table = "outbound";
    ConnectorKeys& connector = made.connector;
    connector["name"] = name_of(first) + "-out";
    connector["direction"] = "outbound";
    connector["scenario"] = !first.sender.empty() || first.domain == "*" ? "internet"
                            : accepted_.contains(first.domain)           ? "on-premises"
                                                                         : "partner";
    if (first.is_refused) connector["enabled"] = false;
    add_scope(items, connector);
    if (!first.way.hops.empty()) connector["route"] = {{"smart_hosts", smart_hosts(first)}};
    if (!first.tls.is_null()) connector["tls"] = first.tls;
    std::set<std::string> reported;  // one policy may be that of several entries
    for (const OutboundItem* item : items) {
      for (const config::ImportedProperty& property : item->properties) {
        if (reported.insert(property.name + '\n' + property.words).second) made.properties.push_back(property);
      }
    }
    if (first.is_refused) {
      made.warnings.emplace_back(
          "it is written with enabled = false, since not all of it could be taken: complete it, and enable it then");
    }
    for (const OutboundItem* item : items) add_warnings(*item, made);
    if (first.domain == "*") warn_of_own_domains(made);
    config::make_unique(made, names_);
    if (!first.password.empty()) add_password(first.password, made);
    into_.connectors.push_back(std::move(made));
  }

  static void add_scope(const std::vector<const OutboundItem*>& items, ConnectorKeys& connector) {
    std::set<std::string> below;
    for (const OutboundItem* item : items) {
      if (item->is_below) below.insert(item->domain);
    }
    for (const OutboundItem* item : items) {
      if (!item->sender.empty()) {
        const bool whole_domain = item->sender.starts_with('@');
        connector[whole_domain ? "sender_domains" : "senders"].push_back(whole_domain ? item->sender.substr(1)
                                                                                      : item->sender);
      } else if (item->is_below || !below.contains(item->domain)) {
        connector["recipient_domains"].push_back(item->pattern());
      }
    }
  }

  // What one item has to say, others of the same kind have too.
  static void add_warnings(const OutboundItem& item, config::ImportedConnector& made) {
    for (const std::string& warning : item.warnings) {
      if (std::find(made.warnings.begin(), made.warnings.end(), warning) == made.warnings.end()) {
        made.warnings.push_back(warning);
      }
    }
  }

  void add_password(const std::string& password, config::ImportedConnector& made) {
    const std::string file = secrets_ + "/" + made.connector["name"].get<std::string>();
    made.connector["route"]["credentials"] = file;
    into_.passwords[file] = password;
  }

  void warn_of_own_domains(config::ImportedConnector& made) const {
    std::vector<std::string> missing;
    for (const char* parameter :
         {"mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains"}) {
      for (const ListWord& word : list_words(setup_.effective(parameter))) {
        if (word.text == "localhost" || word.text == "localhost.localdomain") continue;
        const auto domain = net::normalize_domain(word.text);
        if (domain && !accepted_.contains(*domain)) missing.push_back(*domain);
      }
    }
    if (missing.empty()) return;
    made.warnings.push_back(
        "it would take mail for domains of our own: write them into accepted_domains of [organization]: " +
        base::joined(missing));
  }

  std::vector<OutboundItem> items_;
  const PostfixSetup& setup_;
  const AcceptedDomains& accepted_;
  const std::string& secrets_;
  PostfixImport& into_;
  std::set<std::string> names_;
};

}  // namespace

std::string setting_of(const PostfixSetup& setup, const OutboundWay& way, const std::string& parameter) {
  for (const PostfixService& service : setup.services) {
    if (service.name != way.service || service.type != "unix") continue;
    const auto found = service.overrides.find(parameter);
    if (found != service.overrides.end()) return found->second;
  }
  return setup.effective(parameter);
}

AcceptedDomains::AcceptedDomains(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (auto pattern = net::DomainPattern::parse(text)) patterns_.push_back(std::move(*pattern));
  }
}

bool AcceptedDomains::contains(const std::string& domain) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&domain](const net::DomainPattern& pattern) { return pattern.matches(domain); });
}

void make_outbound_connectors(std::vector<OutboundItem> items, const PostfixSetup& setup,
                              const AcceptedDomains& accepted, const std::string& secrets, PostfixImport& into) {
  OutboundConnectors(std::move(items), setup, accepted, secrets, into).run();
}

}  // namespace connectord::mta
