#include "rule_cross_checks.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <unordered_map>

#include "connectord/base/ascii_case.h"
#include "connectord/config/nearest.h"
#include "connectord/model/entry_named.h"
#include "quote.h"
#include "signing_checks.h"
#include "tables.h"

namespace connectord::config {
namespace {

using model::Configuration;
using model::Rule;
using model::RuleActionKind;
using model::RuleConditions;

void check_rule_names(const std::vector<Rule>& rules, Problems& problems) {
  std::unordered_map<std::string, const Rule*> names;
  std::unordered_map<std::int32_t, const Rule*> priorities;
  for (const Rule& rule : rules) {
    const auto [same_name, is_new_name] = names.emplace(rule.name, &rule);
    if (!is_new_name) {
      problems.error(rule.location, "rule.name",
                     "there is a rule " + in_quotes(rule.name) + " already, at " +
                         to_string(same_name->second->location) + "; give each a name of its own");
    }
    const auto [same_priority, is_new] = priorities.emplace(rule.priority, &rule);
    if (is_new) continue;
    problems.error(rule.location, "rule.priority",
                   "rule " + in_quotes(same_priority->second->name) + " at " +
                       to_string(same_priority->second->location) + " has the priority " +
                       std::to_string(rule.priority) + " already, so their order would not be certain; write another");
  }
}

template <class Connector>
void report_unknown(const std::vector<Connector>& connectors, const std::string& name, const char* direction,
                    const model::Location& place, const std::string& key, Problems& problems) {
  std::vector<std::string_view> names;
  for (const Connector& connector : connectors) names.push_back(connector.name);
  const auto meant = nearest(name, names);
  problems.error(place, key,
                 std::string("there is no ") + direction + " connector " + in_quotes(name) +
                     (meant ? "; did you mean \"" + std::string(*meant) + "\"?"
                            : std::string("; write the name of an [[") + direction + "]]"));
}

// What is asked for must be looked at.
void check_results(const Configuration& configuration, const RuleConditions& keys, const std::string& table,
                   Problems& problems) {
  const model::AuthenticationSettings& settings = configuration.authentication;
  const auto check = [&](bool asked, bool looked_at, const char* key, const char* remedy) {
    if (!asked || looked_at) return;
    problems.error(
        keys.location, table + key,
        std::string("[authentication] switches it off, so the rule would never know; write ") + remedy + " there");
  };
  check(!keys.spf.empty(), settings.spf, "spf", "spf = true");
  check(!keys.dkim.empty(), settings.dkim, "dkim", "dkim = true");
  check(!keys.dmarc.empty(), settings.dmarc != model::DmarcMode::off, "dmarc", "dmarc = \"report\"");
  check(!keys.arc.empty(), settings.arc, "arc", "arc = true");
}

void check_scopes_of(const Configuration& configuration, const RuleConditions& keys, const std::string& table,
                     Problems& problems) {
  if (!configuration.organization.accepted_domains.empty()) return;
  const bool leaves = std::any_of(keys.direction.begin(), keys.direction.end(),
                                  [](model::Direction direction) { return direction != model::Direction::inbound; });
  const char* key = keys.sender_scope ? "sender_scope" : keys.recipient_scope ? "recipient_scope" : nullptr;
  if (leaves) key = "direction";
  if (key == nullptr) return;
  problems.error(keys.location, table + key,
                 "needs our own domains, without which nothing is internal; write accepted_domains = [\"example.net\"] "
                 "in [organization]");
}

void check_table(const Configuration& configuration, const std::optional<RuleConditions>& keys,
                 const std::string& table, Problems& problems) {
  if (!keys) return;
  for (const std::string& name : keys->inbound_connectors) {
    if (model::entry_named(configuration.inbound, name) != nullptr) continue;
    report_unknown(configuration.inbound, name, "inbound", keys->location, table + "inbound_connectors", problems);
  }
  for (const std::string& name : keys->outbound_connectors) {
    if (model::entry_named(configuration.outbound, name) != nullptr) continue;
    report_unknown(configuration.outbound, name, "outbound", keys->location, table + "outbound_connectors", problems);
  }
  check_results(configuration, *keys, table, problems);
  check_scopes_of(configuration, *keys, table, problems);
}

void check_route_of(const Configuration& configuration, const model::RuleAction& action, Problems& problems) {
  const auto* connector = model::entry_named(configuration.outbound, action.connector);
  if (connector == nullptr) {
    return report_unknown(configuration.outbound, action.connector, "outbound", action.location,
                          "rule.action.connector", problems);
  }
  if (!connector->rule_scoped) {
    return problems.error(action.location, "rule.action.connector",
                          in_quotes(action.connector) +
                              " is not for mail of rules; write rule_scoped = true in it, or name one that has it");
  }
  if (!connector->enabled) {
    problems.error(
        action.location, "rule.action.connector",
        in_quotes(action.connector) + " is disabled, so mail would go another way; enable it, or disable the rule");
  }
  // Mail servers know what to require of a next hop, not of a message; that of a recipient's MX is not the rule's.
  const bool is_protected = connector->tls && connector->tls->level != model::TlsLevel::opportunistic &&
                            !connector->route.smart_hosts.empty();
  const bool wants_tls = action.kind == RuleActionKind::require_tls || action.kind == RuleActionKind::encrypt;
  if (!wants_tls || is_protected) return;
  problems.error(action.location, "rule.action.connector",
                 in_quotes(action.connector) +
                     " does not promise TLS; write smart_hosts in its [outbound.route] and level = \"require\", or a "
                     "stricter one, in its [outbound.tls]");
}

void check_actions(const Configuration& configuration, const Rule& rule, Problems& problems) {
  for (const model::RuleAction& action : rule.actions) {
    if (action.may_route() && rule.enabled) check_route_of(configuration, action, problems);
    if (action.header.empty() || !is_own_field(action.header, configuration.tag.header)) continue;
    problems.error(
        action.location, "rule.action.header",
        in_quotes(action.header) + " is deleted and written by connectord (tag.header); write another field");
  }
}

// What links in questions for approval, and connectorctl held, go by.
void check_approvals(const Configuration& configuration, Problems& problems) {
  if (configuration.trace) return;
  for (const Rule& rule : configuration.rules) {
    for (const model::RuleAction& action : rule.actions) {
      if (!rule.enabled || action.kind != RuleActionKind::hold_for_approval) continue;
      problems.warning(
          action.location, "rule.action.do",
          "\"hold_for_approval\" holds mail that approvers cannot release without the message trace; write "
          "[trace] with its store");
    }
  }
}

// Conditions on what is in a message, for which each one is read whole.
bool asks_only_content(const RuleConditions& keys) {
  RuleConditions rest = keys;
  const bool asks = !keys.body_or_subject_words.empty() || !keys.body_or_subject_patterns.empty() ||
                    !keys.attachment_words.empty() || !keys.attachment_patterns.empty();
  rest.body_or_subject_words.clear();
  rest.body_or_subject_patterns.clear();
  rest.attachment_words.clear();
  rest.attachment_patterns.clear();
  const RuleConditions none;
  rest.sender_location = none.sender_location;  // says nothing by itself
  const Table& table = table_for<RuleConditions>();
  return asks && write_table(table, &rest) == write_table(table, &none);
}

// Text of all mail is read and searched for them.
void check_content_alone(const std::vector<Rule>& rules, Problems& problems) {
  for (const Rule& rule : rules) {
    if (!rule.enabled || !rule.when || !asks_only_content(*rule.when)) continue;
    problems.warning(
        rule.when->location, "rule.when",
        "looks for text in all mail, and nothing else narrows it down; at a million messages a day that is "
        "most of what connectord does: write another condition too, such as direction, a domain or "
        "message_size_over in [rule.unless]");
  }
}

bool contains(const std::vector<model::Direction>& directions, model::Direction direction) {
  return std::find(directions.begin(), directions.end(), direction) != directions.end();
}

// Keys that no message has together.
const char* contradiction_in(const RuleConditions& keys) {
  using model::Direction;
  const bool only_inbound = keys.direction == std::vector<Direction>{Direction::inbound};
  const bool no_inbound = !keys.direction.empty() && !contains(keys.direction, Direction::inbound);
  if (only_inbound && keys.authenticated == true) return "authenticated mail is never inbound";
  if (only_inbound && keys.sender_scope == model::Scope::internal) return "a sender inside sends nothing inbound";
  if (!no_inbound || !keys.recipient_scope) return nullptr;
  const bool internal = *keys.recipient_scope == model::Scope::internal;
  if (internal && !contains(keys.direction, Direction::internal)) return "outbound mail has recipients outside only";
  if (!internal && !contains(keys.direction, Direction::outbound)) return "internal mail has recipients inside only";
  return nullptr;
}

// Stops all that it matches, at any time.
bool stops_always(const Rule& rule) {
  const bool always = !rule.activate_at && !rule.expire_at && !rule.unless;
  return rule.enabled && rule.stop && always && rule.mode == model::Mode::enforce;
}

// Rules that nothing can match.
void check_reach(const std::vector<Rule>& rules, Problems& problems) {
  const Rule* end = nullptr;
  for (const Rule& rule : rules) {
    if (rule.all && stops_always(rule) && (end == nullptr || rule.priority < end->priority)) end = &rule;
  }
  for (const Rule& rule : rules) {
    if (!rule.enabled) continue;
    if (end != nullptr && rule.priority > end->priority) {
      problems.warning(rule.location, "rule.priority",
                       "is never asked, since rule " + in_quotes(end->name) + " at " + to_string(end->location) +
                           " stops all mail before it; give it a lower number, or the other one conditions");
    }
    const char* why = rule.when ? contradiction_in(*rule.when) : nullptr;
    if (why == nullptr) continue;
    problems.warning(rule.when->location, "rule.when",
                     std::string("can never match: ") + why + "; leave one of the keys out");
  }
}

using Json = nlohmann::ordered_json;

// Whether all that has the later keys has the earlier ones: of each, at least what the later one allows.
bool covers(const Json& earlier, const Json& later) {
  return std::all_of(earlier.items().begin(), earlier.items().end(), [&later](const auto& item) {
    const auto found = later.find(item.key());
    if (found == later.end()) return false;
    const Json& wide = item.value();
    if (*found == wide) return true;
    const auto is_in_wide = [&wide](const Json& one) { return std::find(wide.begin(), wide.end(), one) != wide.end(); };
    return wide.is_array() && found->is_array() && std::all_of(found->begin(), found->end(), is_in_wide);
  });
}

// Rules that are asked only about what an earlier one has stopped.
void check_hidden(const std::vector<Rule>& rules, Problems& problems) {
  constexpr std::size_t most = 200;  // that are looked at as stops
  std::vector<std::pair<const Rule*, Json>> stops;
  for (const Rule& rule : rules) {
    if (stops.size() < most && rule.when && stops_always(rule)) {
      stops.emplace_back(&rule, write_table(table_for<RuleConditions>(), &*rule.when));
    }
  }
  if (stops.empty()) return;
  for (const Rule& rule : rules) {
    if (!rule.enabled || !rule.when) continue;
    const Json keys = write_table(table_for<RuleConditions>(), &*rule.when);
    const auto hiding = std::find_if(stops.begin(), stops.end(), [&](const auto& stop) {
      return stop.first->priority < rule.priority && covers(stop.second, keys);
    });
    if (hiding == stops.end()) continue;
    const Rule& stop = *hiding->first;
    problems.warning(rule.location, "rule.priority",
                     "is never asked, since rule " + in_quotes(stop.name) + " at " + to_string(stop.location) +
                         " stops all that it is about before it; give it a lower number than " +
                         std::to_string(stop.priority));
  }
}

bool may_be_inbound(const Rule& rule) {
  return !rule.when || rule.when->direction.empty() || contains(rule.when->direction, model::Direction::inbound);
}

// What strangers send goes out again with their MAIL FROM.
void check_redirects(const Configuration& configuration, Problems& problems) {
  const auto& ours = configuration.organization.accepted_domains;
  if (ours.empty()) return;
  for (const Rule& rule : configuration.rules) {
    if (!rule.enabled || !may_be_inbound(rule)) continue;
    for (const model::RuleAction& action : rule.actions) {
      if (action.kind != RuleActionKind::redirect) continue;
      for (const std::string& address : action.to) {
        const std::string compared = model::comparable_address(address);
        const std::string domain(model::domain_of_address(compared));
        if (std::any_of(ours.begin(), ours.end(), [&domain](const auto& own) { return own.matches(domain); })) continue;
        problems.warning(
            action.location, "rule.action.to",
            in_quotes(address) +
                " is outside: mail of strangers leaves for there with their MAIL FROM, which SPF of their "
                "domains does not allow; have the mail server rewrite senders (SRS, postsrsd), or write an "
                "address in accepted_domains");
      }
    }
  }
}

// Connectors for mail of rules that no rule sends anything to.
void check_rule_scoped(const Configuration& configuration, Problems& problems) {
  std::set<std::string_view> used;
  for (const Rule& rule : configuration.rules) {
    if (!rule.enabled || rule.mode == model::Mode::audit) continue;
    for (const model::RuleAction& action : rule.actions) {
      if (action.may_route()) used.insert(action.connector);
    }
  }
  for (const model::OutboundConnector& connector : configuration.outbound) {
    if (!connector.rule_scoped || used.contains(connector.name)) continue;
    problems.warning(connector.location, "outbound.rule_scoped",
                     "no rule that is enabled, and more than an audit, names " + in_quotes(connector.name) +
                         ", so no mail leaves by it; write a [[rule]] with do = \"route\", or leave rule_scoped out to "
                         "choose by recipient_domains");
  }
}

}  // namespace

void check_rules(const Configuration& configuration, Problems& problems) {
  check_rule_names(configuration.rules, problems);
  check_rule_scoped(configuration, problems);
  check_reach(configuration.rules, problems);
  check_hidden(configuration.rules, problems);
  check_redirects(configuration, problems);
  check_approvals(configuration, problems);
  check_content_alone(configuration.rules, problems);
  for (const Rule& rule : configuration.rules) {
    check_table(configuration, rule.when, "rule.when.", problems);
    check_table(configuration, rule.unless, "rule.unless.", problems);
    check_actions(configuration, rule, problems);
  }
  if (configuration.rules.empty() || configuration.server.milter) return;
  problems.error(configuration.rules.front().location, "server.milter",
                 "only a milter sees messages, so no rule could hold; write milter = "
                 "\"unix:/var/spool/postfix/connectord/milter.sock\" in [server]");
}

}  // namespace connectord::config
