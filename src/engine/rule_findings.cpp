#include "rule_findings.h"

#include <algorithm>

#include "connectord/base/text.h"

namespace connectord::engine {
namespace {

using model::Outcome;
using model::RuleActionKind;

std::string called(const model::Rule& rule) {
  return "rule \"" + rule.name + "\"";
}

Outcome outcome_of(const model::Rule& rule) {
  if (rule.mode == model::Mode::audit) return Outcome::not_applicable;
  Outcome outcome = Outcome::pass;
  for (const model::RuleAction& action : rule.actions) {
    if (action.kind == RuleActionKind::defer) outcome = Outcome::temperror;
    if (action.is_final() && action.kind != RuleActionKind::defer) return Outcome::fail;
  }
  return outcome;
}

}  // namespace

model::Finding finding_of(const model::Rule& rule, const model::RuleHit& hit) {
  const std::string actions = hit.actions.empty() ? "stop" : base::joined(hit.actions);
  model::Finding finding{.check = model::check::rule, .outcome = outcome_of(rule), .seen = hit.because};
  if (!hit.recipients.empty()) finding.seen += ", for " + base::joined(hit.recipients);
  if (finding.outcome == Outcome::fail || finding.outcome == Outcome::temperror) {
    finding.expected = "nothing that " + called(rule) + " keeps back (" + actions + ")";
    finding.hint = "if this mail should pass, change the rule, or name the mail in its [rule.unless]";
  } else if (rule.mode == model::Mode::audit) {
    finding.expected = called(rule) + " in audit: nothing is done";
    finding.hint = "would have been done: " + actions + "; set mode = \"enforce\" when it should be";
  } else {
    finding.expected = called(rule) + ": " + actions;
  }
  return finding;
}

model::Finding finding_of_failure(const model::Rule& rule, const std::string& why) {
  const bool defers = rule.mode == model::Mode::enforce && rule.on_error == model::OnRuleError::defer;
  return {.check = model::check::rule,
          .outcome = defers ? Outcome::temperror : Outcome::not_applicable,
          .expected = "all that " + called(rule) + " asks for",
          .seen = why,
          .hint = defers ? "on_error = \"ignore\" lets such mail pass the rule" : "the rule was passed over"};
}

std::string why_unknown(const model::Facts& facts) {
  if (!facts.header_incomplete.empty()) return std::string(facts.header_incomplete);
  if (facts.content && !facts.content->unreadable.empty()) return facts.content->unreadable;
  if (!facts.content) return "what it asks for is not known of this message";
  const model::Inspection& inspection = facts.content->inspection;
  if (!inspection.uninspectable.empty()) return inspection.uninspectable;
  if (!inspection.limit_exceeded.empty()) return inspection.limit_exceeded;
  if (facts.content->text_is_cut) return "the message has more text than is looked at";
  for (const model::Attachment& attachment : inspection.attachments) {
    const model::FileContents& contents = attachment.contents;
    if (contents.is_uninspectable()) return contents.uninspectable;
    if (contents.exceeds_limit()) return contents.limit_exceeded;
    if (contents.has_unread_text) return "an attachment has text of a kind that is not read";
    if (contents.text_is_cut) return "an attachment has more text than is looked at";
    if (contents.encrypted == model::Encryption::unknown)
      return "whether an attachment wants a password is not certain";
  }
  return "what it asks for is not known of this message";
}

}  // namespace connectord::engine
