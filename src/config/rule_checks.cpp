#include "rule_checks.h"

#include <algorithm>
#include <array>
#include <span>

#include "connectord/base/text.h"
#include "connectord/model/rule.h"
#include "quote.h"
#include "tables.h"

namespace connectord::config {
namespace {

using model::RuleAction;
using model::RuleActionKind;

const toml::source_region& source_of(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  return node != nullptr ? node->source() : table.source();
}

void report_at(Reader& reader, const toml::table& table, std::string_view key, std::string message) {
  const Reader::Scope scope(reader, key);
  reader.error(source_of(table, key), std::move(message));
}

using KeyNames = std::array<std::string_view, 5>;

// The keys of an action beside `do`.
struct ActionKeys {
  RuleActionKind kind;
  KeyNames needed;
  KeyNames allowed;
};
constexpr std::array<ActionKeys, 22> action_keys = {{
    {RuleActionKind::journal, {"to"}, {}},
    {RuleActionKind::notify, {"text"}, {"to", "subject", "html"}},
    {RuleActionKind::incident_report, {"to"}, {"content"}},
    {RuleActionKind::set_header, {"header", "value"}, {}},
    {RuleActionKind::add_header, {"header", "value"}, {}},
    {RuleActionKind::remove_header, {"header"}, {}},
    {RuleActionKind::prepend_subject, {"text"}, {}},
    {RuleActionKind::strip_attachments, {}, {"text"}},
    {RuleActionKind::disclaimer, {}, {"html", "text", "position", "fallback", "once"}},
    {RuleActionKind::encrypt, {"certificates", "fallback"}, {"cipher", "connector"}},
    {RuleActionKind::bcc, {"to"}, {}},
    {RuleActionKind::add_to, {"to"}, {}},
    {RuleActionKind::add_cc, {"to"}, {}},
    {RuleActionKind::redirect, {"to"}, {}},
    {RuleActionKind::wrap, {"text"}, {}},
    {RuleActionKind::route, {"connector"}, {}},
    {RuleActionKind::require_tls, {"connector"}, {}},
    {RuleActionKind::hold_for_approval, {"approvers"}, {"expire", "reason"}},
    {RuleActionKind::quarantine, {}, {"reason"}},
    {RuleActionKind::remove, {}, {}},
    {RuleActionKind::defer, {}, {"code", "status", "text"}},
    {RuleActionKind::reject, {}, {"code", "status", "text"}},
}};

const ActionKeys* keys_of(RuleActionKind kind) {
  const auto found = std::find_if(action_keys.begin(), action_keys.end(),
                                  [kind](const ActionKeys& keys) { return keys.kind == kind; });
  return found == action_keys.end() ? nullptr : &*found;
}

bool has(const KeyNames& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string quoted_word(RuleActionKind kind) {
  return "\"" + std::string(model::word_of(kind)) + "\"";
}

// A reply must be of one kind, or the mail server ignores it (smfi_setreply).
void check_reply(Reader& reader, const toml::table& table, const RuleAction& action) {
  const bool is_reject = action.kind == RuleActionKind::reject;
  const char first = is_reject ? '5' : '4';
  const std::uint32_t lowest = is_reject ? 500 : 400;
  if (action.code != 0 && (action.code < lowest || action.code > lowest + 99)) {
    report_at(reader, table, "code",
              std::string("is of the wrong kind for ") + std::string(model::word_of(action.kind)) + "; write " + first +
                  (is_reject ? "50" : "51"));
  }
  if (!action.status.empty() && action.status.front() != first) {
    report_at(reader, table, "status",
              std::string("is of the wrong kind for ") + std::string(model::word_of(action.kind)) + "; write \"" +
                  first + ".7.1\"");
  }
  const bool printable = std::all_of(action.text.begin(), action.text.end(), base::is_ascii);
  if (!printable)
    report_at(reader, table, "text", "is told the client in SMTP, which has ASCII only; write it in that");
}

// Where a text stands on one line, it must be one.
void check_text(Reader& reader, const toml::table& table, const RuleAction& action) {
  constexpr std::size_t max_line = 500;
  const bool is_long = action.kind == RuleActionKind::disclaimer || action.kind == RuleActionKind::strip_attachments ||
                       action.kind == RuleActionKind::notify || action.kind == RuleActionKind::wrap;
  if (action.kind == RuleActionKind::disclaimer && action.text.empty() && action.html.empty()) {
    return report_at(reader, table, "text", "is missing, and \"disclaimer\" needs it, or html");
  }
  const bool is_line =
      action.text.size() <= max_line && std::none_of(action.text.begin(), action.text.end(), base::is_control);
  if (!is_long && !is_line) {
    report_at(reader, table, "text", "must be one line of at most 500 bytes for " + quoted_word(action.kind));
  }
}

void check_fallback(Reader& reader, const toml::table& table, const RuleAction& action) {
  using model::ActionFallback;
  const bool encrypts = action.kind == RuleActionKind::encrypt;
  const bool fits = action.fallback != (encrypts ? ActionFallback::wrap : ActionFallback::require_tls);
  if (!fits) {
    return report_at(
        reader, table, "fallback",
        "means nothing to " + quoted_word(action.kind) +
            (encrypts ? R"(; write "reject", "require_tls" or "ignore")" : R"(; write "ignore", "wrap" or "reject")"));
  }
  if (encrypts && (action.fallback == ActionFallback::require_tls) != table.contains("connector")) {
    report_at(reader, table, "connector",
              R"(goes with fallback = "require_tls": write both, so that it is known by which way TLS is certain)");
  }
}

void check_value(Reader& reader, const toml::table& table, const RuleAction& action) {
  if (action.value.find("{recipients}") == std::string::npos) return;
  report_at(reader, table, "value", "would show all recipients, hidden ones too; leave {recipients} out");
}

using Kinds = std::span<const RuleAction>;

const RuleAction* first_that(Kinds actions, bool (*test)(const RuleAction&)) {
  const auto found = std::find_if(actions.begin(), actions.end(), test);
  return found == actions.end() ? nullptr : &*found;
}

bool ends_the_way(const RuleAction& action) {
  return action.kind == RuleActionKind::reject || action.kind == RuleActionKind::defer;
}
bool is_removal(const RuleAction& action) {
  return action.kind == RuleActionKind::remove;
}

// What is written about a message that goes no further. Of a deferral it would be written each time.
bool goes_with(const RuleAction& action, const RuleAction& end) {
  if (action.kind == RuleActionKind::journal) return is_removal(end);
  return action.notifies() && end.kind != RuleActionKind::defer;
}

std::size_t place_of_action(const model::Rule& rule, const RuleAction& action) {
  return static_cast<std::size_t>(&action - rule.actions.data());
}

void report_action(Reader& reader, const toml::table& table, const model::Rule& rule, const RuleAction& action,
                   std::string message) {
  const Reader::Scope scope(reader, "action");
  const auto* list = table["action"].as_array();
  const toml::node* node = list == nullptr ? nullptr : list->get(place_of_action(rule, action));
  reader.error(node == nullptr ? table.source() : node->source(), std::move(message));
}

// What can never happen together.
void check_action_pairs(Reader& reader, const toml::table& table, const model::Rule& rule) {
  const Kinds actions = rule.actions;
  const RuleAction* end = first_that(actions, ends_the_way);
  if (end == nullptr) end = first_that(actions, is_removal);
  const RuleAction* final_action = first_that(actions, [](const RuleAction& action) { return action.is_final(); });
  const RuleAction* route = nullptr;
  for (const RuleAction& action : actions) {
    if (end != nullptr && &action != end && !goes_with(action, *end)) {
      return report_action(
          reader, table, rule, action,
          quoted_word(action.kind) + " and " + quoted_word(end->kind) +
              " in one rule contradict each other, since the message goes no further; write them in two "
              "rules, or redirect for mail that somebody else is to have");
    }
    if (final_action != nullptr && action.changes_content()) {
      return report_action(reader, table, rule, action,
                           quoted_word(action.kind) + " changes what " + quoted_word(final_action->kind) +
                               " keeps from its recipients; write them in two rules");
    }
    if (!action.chooses_route()) continue;
    if (route != nullptr) {
      return report_action(reader, table, rule, action, "a message has one route; leave one of the two out");
    }
    route = &action;
  }
}

// A report of each report would be made.
void check_journal(Reader& reader, const toml::table& table, const model::Rule& rule) {
  for (const RuleAction& action : rule.actions) {
    if (action.kind != RuleActionKind::journal || !rule.when) continue;
    const auto& meant = rule.when->recipient;
    const auto own = std::find_if(action.to.begin(), action.to.end(), [&meant](const std::string& to) {
      return std::find(meant.begin(), meant.end(), model::comparable_address(to)) != meant.end();
    });
    if (own == action.to.end()) continue;
    report_action(reader, table, rule, action,
                  "the journal " + in_quotes(*own) +
                      " is a recipient that this rule is for, so reports would be made of reports; leave it out of "
                      "recipient");
  }
}

void warn_of_patterns(Reader& reader, const toml::table& table, std::string_view key,
                      const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.find('\\') == std::string::npos && word.find(".*") == std::string::npos && !word.starts_with('^'))
      continue;
    const Reader::Scope scope(reader, key);
    std::string patterns(key.substr(0, key.rfind("words")));
    reader.warning(source_of(table, key), in_quotes(word) + " is looked for as it stands, sign by sign; write it in " +
                                              patterns + "patterns if it is a regular expression");
  }
}

}  // namespace

void check_rule(Reader& reader, const toml::table& table, const model::Rule& rule) {
  if (rule.all && table.contains("when")) {
    report_at(reader, table, "all", "is for rules without conditions; leave it out, or leave [rule.when] out");
  }
  const auto* when = table["when"].as_table();
  if (!rule.all && (!table.contains("when") || (when != nullptr && when->empty()))) {
    report_at(
        reader, table, "when",
        "is missing, so the rule would be for all mail; write conditions in [rule.when], or all = true in [[rule]] "
        "if that is meant");
  }
  if (rule.activate_at && rule.expire_at && *rule.activate_at >= *rule.expire_at) {
    report_at(reader, table, "expire_at", "is not after activate_at, so the rule would never hold; write a later time");
  }
  const auto* actions = table["action"].as_array();
  if (rule.actions.empty() && (!table.contains("action") || (actions != nullptr && actions->empty()))) {
    if (!rule.stop) {
      report_at(
          reader, table, "action",
          "is missing, so the rule would do nothing; write a [[rule.action]], or stop = true for mail that no later "
          "rule is to look at");
    }
    return;
  }
  const RuleAction* removal = first_that(rule.actions, is_removal);
  if (removal != nullptr && rule.all) {
    report_action(reader, table, rule, *removal, "would delete all mail; write conditions in [rule.when]");
  }
  check_action_pairs(reader, table, rule);
  check_journal(reader, table, rule);
}

void check_conditions(Reader& reader, const toml::table& table, const model::RuleConditions& conditions) {
  const std::array<std::pair<std::string_view, const std::vector<std::string>*>, 7> words = {
      {{"sender_words", &conditions.sender_words},
       {"recipient_words", &conditions.recipient_words},
       {"to_header_words", &conditions.to_header_words},
       {"cc_header_words", &conditions.cc_header_words},
       {"subject_words", &conditions.subject_words},
       {"body_or_subject_words", &conditions.body_or_subject_words},
       {"attachment_words", &conditions.attachment_words}}};
  for (const auto& [key, list] : words) warn_of_patterns(reader, table, key, *list);
  for (const model::HeaderCondition& header : conditions.header) {
    const Reader::Scope scope(reader, "header");
    const auto* list = table["header"].as_array();
    const auto number = static_cast<std::size_t>(&header - conditions.header.data());
    const auto* entry = list == nullptr || list->get(number) == nullptr ? nullptr : list->get(number)->as_table();
    if (entry != nullptr) warn_of_patterns(reader, *entry, "words", header.words);
  }
  const bool names_sender = table.contains("sender") || table.contains("sender_domains") ||
                            table.contains("sender_words") || table.contains("sender_patterns") ||
                            table.contains("senders_file");
  if (table.contains("sender_location") && !names_sender) {
    report_at(reader, table, "sender_location",
              "says where senders stand, and none is named; write sender, sender_domains or the like too");
  }
}

void check_action(Reader& reader, const toml::table& table, const RuleAction& action) {
  const ActionKeys* keys = table.contains("do") ? keys_of(action.kind) : nullptr;
  const auto word = table["do"].value<std::string_view>();
  if (keys == nullptr || !word || model::word_of(action.kind) != *word) return;  // reported already
  for (const std::string_view needed : keys->needed) {
    if (needed.empty() || table.contains(needed)) continue;
    report_at(reader, table, needed, "is missing, and " + quoted_word(action.kind) + " needs it");
  }
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    const bool known = table_for<RuleAction>().find(name) != nullptr;
    if (name == "do" || !known || has(keys->needed, name) || has(keys->allowed, name)) continue;
    report_at(reader, table, name, "means nothing to " + quoted_word(action.kind) + "; leave it out");
  }
  if (ends_the_way(action)) check_reply(reader, table, action);
  check_text(reader, table, action);
  check_fallback(reader, table, action);
  check_value(reader, table, action);
}

}  // namespace connectord::config
