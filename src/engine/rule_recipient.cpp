// What rules say of one recipient at RCPT, by the envelope alone.
#include <algorithm>
#include <utility>

#include "connectord/engine/rules.h"
#include "rule_asking.h"
#include "rule_conditions.h"
#include "rule_findings.h"
#include "rule_timer.h"

namespace connectord::engine {
namespace {

using model::Action;
using model::Decision;
using model::Mode;
using model::Rule;
using model::RuleAction;
using model::RuleActionKind;

const RuleAction* refusal_in(const Rule& rule) {
  const auto found = std::find_if(rule.actions.begin(), rule.actions.end(), [](const RuleAction& action) {
    return action.kind == RuleActionKind::reject || action.kind == RuleActionKind::defer;
  });
  return found == rule.actions.end() ? nullptr : &*found;
}

// It is about the message, which is there at its end only.
bool writes_mail(const Rule& rule) {
  return std::any_of(rule.actions.begin(), rule.actions.end(),
                     [](const RuleAction& action) { return action.writes_mail(); });
}

bool takes_recipients_away(const Rule& rule) {
  return std::any_of(rule.actions.begin(), rule.actions.end(), [](const RuleAction& action) {
    return action.kind == RuleActionKind::redirect || action.kind == RuleActionKind::remove;
  });
}

Decision refused(const CompiledRule& compiled, const RuleMessage& message, const RuleMatch& match,
                 const RuleAction& refusal, const Decision& so_far) {
  const Rule& rule = *compiled.rule;
  Decision decision = so_far;
  model::RuleHit hit{rule.name, rule.mode, true, reason_of(compiled, message, match), {}, {}, {}, rule.severity};
  hit.actions.emplace_back(model::word_of(refusal.kind));
  hit.recipients.push_back(message.recipients().front().address);
  decision.action = refusal.kind == RuleActionKind::reject ? Action::reject : Action::defer;
  decision.reply = reply_of(refusal);
  decision.findings.push_back(finding_of(rule, hit));
  decision.rules.push_back(std::move(hit));
  return decision;
}

bool may_hold(const CompiledRule& rule, const RuleMessage& message) {
  return holds_now(*rule.rule, message.facts().unix_time) && match_rule(rule, message).truth != Truth::no;
}

}  // namespace

std::optional<Decision> refusal_by_rule(const Policy& policy, const model::Facts& facts, std::string_view recipient,
                                        const Decision& so_far, NanosecondClock clock) {
  const RuleBook& book = policy.rules();
  // The mail server cannot refuse a recipient to the sendmail command; those are refused at the end.
  if (book.empty() || facts.local_submission) return std::nullopt;
  const RuleMessage message(policy, facts, so_far, is_mail_of_ours(policy, facts, so_far), recipient);
  auto obstacle = book.obstacles().begin();
  for (const RuleNumber number : candidates_for(message)) {
    for (; obstacle != book.obstacles().end() && *obstacle < number; ++obstacle) {
      if (may_hold(book.rules()[*obstacle], message)) return std::nullopt;
    }
    const CompiledRule& compiled = book.rules()[number];
    const RuleAction* refusal = refusal_in(*compiled.rule);
    const bool ends = compiled.rule->stop || takes_recipients_away(*compiled.rule);
    if ((refusal == nullptr && !ends) || compiled.rule->mode == Mode::audit) continue;
    if (!holds_now(*compiled.rule, facts.unix_time)) continue;
    const RuleTimer timer(clock);
    const RuleMatch match = match_rule(compiled, message);
    if (match.truth == Truth::no) continue;
    if (refusal != nullptr && writes_mail(*compiled.rule)) return std::nullopt;
    if (match.truth == Truth::yes && refusal != nullptr) {
      Decision decision = refused(compiled, message, match, *refusal, so_far);
      decision.rules.back().microseconds = timer.microseconds();
      return decision;
    }
    if (ends) return std::nullopt;
  }
  return std::nullopt;
}

std::string split_group(const Policy& policy, const model::Facts& facts, std::string_view recipient,
                        const Decision& so_far) {
  const RuleBook& book = policy.rules();
  if (!book.needs().splits || facts.local_submission || !facts.sasl_username.empty()) return {};
  const RuleMessage message(policy, facts, so_far, is_mail_of_ours(policy, facts, so_far), recipient);
  std::string group;
  for (const RuleNumber number : candidates_for(message)) {
    const CompiledRule& compiled = book.rules()[number];
    if (compiled.rule->split != "split" || compiled.rule->mode == Mode::audit) continue;
    // Whether a rule that looks at the message too will hold is not known; whom it would be for is.
    if (may_hold(compiled, message)) group += std::to_string(number) + " ";
  }
  return group;
}

std::vector<std::size_t> meant_by_copies(const Policy& policy, const model::Facts& facts, const Decision& so_far) {
  const RuleMessage message(policy, facts, so_far, is_mail_of_ours(policy, facts, so_far));
  std::vector<std::size_t> meant;
  for (const RuleNumber number : candidates_for(message)) {
    const CompiledRule& compiled = policy.rules().rules()[number];
    const Rule& rule = *compiled.rule;
    if (rule.split != "copy" || rule.mode == Mode::audit || !holds_now(rule, facts.unix_time)) continue;
    const RuleMatch match = match_rule(compiled, message);
    if (match.truth == Truth::yes) meant.insert(meant.end(), match.recipients.begin(), match.recipients.end());
  }
  std::sort(meant.begin(), meant.end());
  meant.erase(std::unique(meant.begin(), meant.end()), meant.end());
  if (meant.size() == message.recipients().size()) meant.clear();
  return meant;
}

}  // namespace connectord::engine
