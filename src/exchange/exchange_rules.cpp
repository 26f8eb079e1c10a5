// Get-TransportRule: rules of Exchange as rules of ours.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "exchange_rule_parts.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 12> said_elsewhere = {
    "Conditions", "Exceptions",     "Actions",          "Description",    "RuleVersion",   "Size",
    "CreatedBy",  "LastModifiedBy", "ManuallyModified", "UseLegacyRegex", "RuleIsDeleted", "RuleSubType"};

// "/Date(1764547200000)/" of Windows PowerShell, "2026-12-01T00:00:00" and "…Z" of PowerShell 7, in UTC.
std::string moment_in(std::string_view text) {
  constexpr std::string_view windows = "/Date(";
  if (text.starts_with(windows)) {
    std::int64_t milliseconds = 0;
    const std::string_view digits = text.substr(windows.size());
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
    return read.ec == std::errc() && milliseconds > 0 ? base::utc_text(milliseconds / 1000) : "";
  }
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() < form.size()) return "";
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '0' ? !base::is_digit(text[i]) : text[i] != form[i]) return "";
  }
  const std::string_view rest = text.substr(form.size());
  const bool is_utc = rest.find_first_not_of(".0123456789Z") == std::string_view::npos;
  return is_utc ? std::string(text.substr(0, form.size())) + "Z" : "";
}

class RuleImport {
 public:
  RuleImport(Properties& properties, Json& rule) : properties_(properties), rule_(rule) {}

  void run(std::size_t number) {
    identity(number);
    state();
    times();
    rest();
    RulePart when = read_rule_conditions(properties_, "");
    RulePart unless = read_rule_conditions(properties_, "ExceptIf");
    add_location(when.keys);
    add_location(unless.keys);
    properties_.taken("SenderAddressLocation", "sender_location");
    if (when.keys.empty()) {
      rule_["all"] = true;
    } else {
      rule_["when"] = std::move(when.keys);
    }
    if (!unless.keys.empty()) rule_["unless"] = std::move(unless.keys);
    RulePart actions = read_rule_actions(properties_);
    const bool does_something = !actions.keys.empty() || rule_.contains("stop");
    if (!actions.keys.empty()) rule_["action"] = std::move(actions.keys);
    if (!does_something) properties_.obstruct("none of its actions can be taken, so it would do nothing");
    if (when.is_incomplete || unless.is_incomplete || actions.is_incomplete) disable();
    for (const std::string_view name : said_elsewhere) properties_.left(name, "the other properties say it");
  }

 private:
  // It would be for other mail, or do less.
  void disable() {
    rule_["enabled"] = false;
    properties_.warn(
        "it is written with enabled = false, since not all of its conditions, exceptions and actions could be taken: "
        "complete it, and enable it then");
  }

  void identity(std::size_t number) {
    constexpr std::size_t max_name = 64;
    const std::string theirs = properties_.text("Name");
    std::string name(base::trimmed(theirs));
    const bool fits = !name.empty() && name.size() <= max_name && base::is_utf8(name) &&
                      std::none_of(name.begin(), name.end(), base::is_control);
    if (!fits) name = config::plain_name(theirs).substr(0, max_name);
    if (name.empty()) name = "rule-" + std::to_string(number);
    rule_["name"] = name;
    properties_.taken("Name", name == theirs ? "name" : "name = \"" + base::printable(name) + "\"");
    const auto priority = properties_.number("Priority");
    rule_["priority"] = priority.value_or(static_cast<std::int64_t>(number) - 1);
    properties_.taken("Priority", "priority, after the rules that there are");
    const std::string comment = on_one_line(properties_.text("Comments"));
    if (!comment.empty()) rule_["comment"] = comment;
    properties_.taken("Comments", comment.empty() ? "no comment" : "comment");
  }

  void state() {
    const std::string state = properties_.text("State");
    if (state != "Enabled") rule_["enabled"] = false;
    if (!state.empty() && state != "Enabled" && state != "Disabled") properties_.refuse("State", "Enabled or Disabled");
    properties_.taken("State", state == "Enabled" ? "enabled" : "enabled = false");
    const std::string mode = properties_.text("Mode");
    if (mode != "Enforce") rule_["mode"] = "audit";
    const bool is_known = mode == "Enforce" || mode == "Audit" || mode == "AuditAndNotify";
    if (!mode.empty() && !is_known) properties_.refuse("Mode", "Enforce, Audit or AuditAndNotify");
    properties_.taken("Mode", mode == "Enforce" ? "mode" : "mode = \"audit\"");
  }

  void times() {
    for (const auto& [property, key] :
         {std::pair("ActivationDate", "activate_at"), std::pair("ExpiryDate", "expire_at")}) {
      const std::string text = properties_.text(property);
      const std::string moment = moment_in(text);
      if (!moment.empty()) rule_[key] = moment;
      if (moment.empty() && !text.empty()) {
        properties_.refuse(property, "a time in UTC, 2026-12-01T00:00:00");
        disable();
      }
      properties_.taken(property, key);
    }
  }

  void rest() {
    if (properties_.flag("StopRuleProcessing")) rule_["stop"] = true;
    properties_.taken("StopRuleProcessing", "stop");
    const std::string on_error = properties_.text("RuleErrorAction");
    if (on_error != "Defer") rule_["on_error"] = "ignore";
    properties_.taken("RuleErrorAction", on_error == "Defer" ? "on_error" : "on_error = \"ignore\"");
    const std::string severity = base::to_lower(properties_.text("SetAuditSeverity"));
    const bool is_known = severity == "low" || severity == "medium" || severity == "high";
    if (is_known) rule_["severity"] = severity;
    if (is_known) properties_.taken("SetAuditSeverity", "severity");
    properties_.left("SetAuditSeverity", "the trace has every rule that matched");
    properties_.by_hand("DlpPolicy", "there are no policies above rules: this one stands by itself");
    properties_.left("DlpPolicyId", "it goes with DlpPolicy");
  }

  void add_location(Json& conditions) {
    constexpr std::array<const char*, 4> of_senders = {"sender", "sender_words", "sender_patterns", "sender_domains"};
    const bool has_sender = std::any_of(of_senders.begin(), of_senders.end(),
                                        [&conditions](const char* key) { return conditions.contains(key); });
    if (!has_sender) return;
    const std::string location = properties_.text("SenderAddressLocation");
    // Exchange looks into From where nothing else is said.
    conditions["sender_location"] = location == "Envelope"           ? "envelope"
                                    : location == "HeaderOrEnvelope" ? "either"
                                                                     : "header";
  }

  Properties& properties_;
  Json& rule_;
};

}  // namespace

void read_rule(Properties& properties, std::size_t number, Json& rule) {
  RuleImport(properties, rule).run(number);
}

}  // namespace connectord::exchange
