#include "rule_run.h"

#include <algorithm>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/engine/decide.h"
#include "connectord/engine/rules.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/placeholders.h"
#include "rule_asking.h"
#include "rule_attachments.h"
#include "rule_conditions.h"
#include "rule_findings.h"
#include "rule_message.h"
#include "rule_timer.h"

namespace connectord::engine {
namespace {

using model::Action;
using model::Decision;
using model::FieldEdit;
using model::Mode;
using model::Outcome;
using model::Reply;
using model::Rule;
using model::RuleAction;
using model::RuleActionKind;

class RuleRun {
 public:
  RuleRun(const Policy& policy, const model::Facts& facts, Decision& decision, NanosecondClock clock)
      : facts_(facts),
        decision_(decision),
        rules_(policy.rules().rules()),
        message_(policy, facts, decision, is_mail_of_ours(policy, facts, decision)),
        clock_(clock),
        is_held_by_others_(decision.action == Action::quarantine) {}

  void run() {
    std::vector<RuleNumber> candidates = candidates_for(message_);
    for (std::size_t next = 0; next < candidates.size() && !ended_; ++next) {
      const RuleNumber number = candidates[next];
      changed_ = false;
      ask_in_time(rules_[number]);
      if (!changed_) continue;
      // What a rule changed may be what a later one looks for.
      candidates = candidates_for(message_);
      next = static_cast<std::size_t>(std::upper_bound(candidates.begin(), candidates.end(), number) -
                                      candidates.begin()) -
             1;
    }
    finish();
    note_route();
  }

 private:
  void ask_in_time(const CompiledRule& compiled) {
    const RuleTimer timer(clock_);
    const std::size_t hits = decision_.rules.size();
    ask(compiled);
    if (decision_.rules.size() > hits) decision_.rules.back().microseconds = timer.microseconds();
  }

  void ask(const CompiledRule& compiled) {
    const Rule& rule = *compiled.rule;
    if (!holds_now(rule, facts_.unix_time)) return;
    const RuleMatch match = match_rule(compiled, message_);
    if (match.truth == Truth::no) return;
    if (match.truth == Truth::unknown || !can_be_changed(compiled)) return cannot_be_asked(rule);
    model::RuleHit hit{rule.name, rule.mode, true, reason_of(compiled, message_, match), {}, {}, {}, rule.severity};
    for (const RuleAction& action : rule.actions) hit.actions.emplace_back(model::word_of(action.kind));
    if (match.asks_recipients) name_recipients(match, hit);
    decision_.findings.push_back(finding_of(rule, hit));
    decision_.rules.push_back(std::move(hit));
    if (rule.mode == Mode::audit) return;
    if (rule.split != "whole" && match.recipients.size() < recipients_left()) record_whole(rule);
    apply(compiled, match);
    if (rule.stop) ended_ = true;
  }

  std::size_t recipients_left() const {
    const auto& all = message_.recipients();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& one) { return !one.is_gone; }));
  }

  // Whoever has logged in was not asked to send it apart, nor was the sendmail command. Of copies, the session says why
  // there is none.
  void record_whole(const Rule& rule) {
    decision_.findings.push_back({.check = model::check::rule,
                                  .outcome = Outcome::not_applicable,
                                  .expected = "a message of its own for the recipients of rule \"" + rule.name + "\"",
                                  .seen = rule.split == "copy"
                                              ? "one for all recipients"
                                              : "one for all recipients, since the client would give up",
                                  .hint = "its changes are for all of them"});
  }

  // What is known in part only must not be changed, or the rest of it would be lost or left.
  bool can_be_changed(const CompiledRule& compiled) const {
    if (compiled.changes_header && !message_.header_is_whole()) return false;
    return !compiled.changes_content || (facts_.content && facts_.content->unreadable.empty());
  }

  void name_recipients(const RuleMatch& match, model::RuleHit& hit) const {
    constexpr std::size_t max_named = 20;
    for (const std::size_t place : match.recipients) {
      if (hit.recipients.size() >= max_named) break;
      hit.recipients.push_back(message_.recipients()[place].address);
    }
  }

  void cannot_be_asked(const Rule& rule) {
    const std::string why = why_unknown(facts_);
    model::RuleHit hit{rule.name, rule.mode, false, {}, {}, {}, why, rule.severity};
    decision_.findings.push_back(finding_of_failure(rule, why));
    decision_.rules.push_back(std::move(hit));
    if (rule.mode == Mode::audit || rule.on_error == model::OnRuleError::ignore) return;
    defer({451, "4.7.1", "A rule cannot be applied to the message now"});
  }

  void apply(const CompiledRule& compiled, const RuleMatch& match) {
    const Rule& rule = *compiled.rule;
    for (const RuleAction* const one : compiled.actions) {
      const RuleAction& action = *one;
      switch (action.kind) {
        case RuleActionKind::journal:
        case RuleActionKind::notify:
        case RuleActionKind::incident_report:
          write_mail(rule, action, match);
          break;
        case RuleActionKind::reject:
          reject(reply_of(action));
          break;
        case RuleActionKind::defer:
          defer(reply_of(action));
          break;
        case RuleActionKind::hold_for_approval:
          hold_for_approval(rule, action);
          break;
        case RuleActionKind::quarantine:
          is_held_by_others_ = true;
          quarantine(action.reason.empty() ? "rule " + rule.name : action.reason);
          break;
        case RuleActionKind::remove:
          take_away(match);
          break;
        case RuleActionKind::redirect:
          take_away(match);
          add_recipients(action);
          break;
        case RuleActionKind::bcc:
          add_recipients(action);
          break;
        case RuleActionKind::add_to:
          add_to_field("To", action);
          break;
        case RuleActionKind::add_cc:
          add_to_field("Cc", action);
          break;
        case RuleActionKind::strip_attachments:
          strip(compiled, action);
          break;
        case RuleActionKind::route:
        case RuleActionKind::require_tls:
          decision_.outbound = action.connector;
          router_ = &rule;
          break;
        default:
          change_message(rule, action);
      }
    }
  }

  void change_message(const Rule& rule, const RuleAction& action) {
    switch (action.kind) {
      case RuleActionKind::set_header:
        edit({FieldEdit::Kind::set, action.header, filled(action.value, rule)});
        break;
      case RuleActionKind::add_header:
        edit({FieldEdit::Kind::add, action.header, filled(action.value, rule)});
        break;
      case RuleActionKind::remove_header:
        edit({FieldEdit::Kind::remove, action.header, {}});
        break;
      case RuleActionKind::prepend_subject:
        prepend_subject(action.text);
        break;
      case RuleActionKind::disclaimer:
        decision_.changes.disclaimers.push_back({rule.name, filled(action.html, rule, mail::PlaceholderForm::html),
                                                 filled(action.text, rule), action.position, action.fallback,
                                                 action.once});
        break;
      case RuleActionKind::encrypt:
        decision_.changes.encryptions.push_back(
            {rule.name, action.certificates, action.fallback, action.cipher, action.connector, rule.on_error});
        break;
      case RuleActionKind::wrap:
        decision_.changes.wraps.push_back({rule.name, filled(action.text, rule), rule.on_error});
        break;
      default:
        break;
    }
  }

  // Those who still get the message and whom the rule concerns.
  std::vector<std::string> concerned(const RuleMatch& match) const {
    std::vector<std::string> addresses;
    for (const std::size_t place : match.recipients) {
      const RuleMessage::Recipient& one = message_.recipients()[place];
      if (!one.is_gone)
        addresses.push_back(one.number == RuleMessage::added ? one.address : facts_.recipients[one.number]);
    }
    return addresses;
  }

  // Mail to a journal is none of its own, or reports would be made of reports.
  bool is_for_nobody_but(const std::vector<std::string>& to) const {
    const auto& all = message_.recipients();
    return std::all_of(all.begin(), all.end(), [&to](const RuleMessage::Recipient& one) {
      return one.is_gone || std::any_of(to.begin(), to.end(), [&one](const std::string& address) {
               return model::comparable_address(address) == one.address;
             });
    });
  }

  void write_mail(const Rule& rule, const RuleAction& action, const RuleMatch& match) {
    if (action.kind == RuleActionKind::journal && is_for_nobody_but(action.to)) {
      decision_.findings.push_back({.check = model::check::rule_mail,
                                    .outcome = Outcome::not_applicable,
                                    .expected = "a journal report, as rule \"" + rule.name + "\" says",
                                    .seen = "none: the message is for the journal itself"});
      return;
    }
    model::WrittenMail mail{action.kind, rule.name,      action.to,     action.subject, action.text,
                            action.html, action.content, rule.severity, rule.on_error};
    if (mail.to.empty()) mail.to = concerned(match);
    if (!mail.to.empty()) decision_.mail.push_back(std::move(mail));
  }

  void reject(Reply reply) {
    decision_.action = Action::reject;
    decision_.reply = std::move(reply);
    ended_ = true;  // nothing counts more
  }

  void defer(Reply reply) {
    if (decision_.action == Action::defer) return;
    decision_.action = Action::defer;
    decision_.reply = std::move(reply);
  }

  void quarantine(std::string reason) {
    if (decision_.action != Action::accept) return;
    decision_.action = Action::quarantine;
    decision_.quarantine = std::move(reason);
  }

  void hold_for_approval(const Rule& rule, const RuleAction& action) {
    quarantine(action.reason.empty() ? "rule " + rule.name + " wants approval" : action.reason);
    if (action.approvers.empty()) return;
    model::WrittenMail question{};
    question.kind = action.kind;
    question.rule = rule.name;
    question.to = action.approvers;
    question.severity = rule.severity;
    question.on_error = rule.on_error;
    question.expire = std::chrono::duration_cast<std::chrono::seconds>(action.expire).count();
    decision_.mail.push_back(std::move(question));
  }

  // Who may approve of what one rule holds must not release what is held for another reason.
  void drop_needless_questions() {
    if (decision_.action == Action::quarantine && !is_held_by_others_) return;
    const auto is_question = [](const model::WrittenMail& mail) {
      return mail.kind == RuleActionKind::hold_for_approval;
    };
    const bool asked = std::erase_if(decision_.mail, is_question) > 0;
    if (!asked || decision_.action != Action::quarantine) return;
    decision_.findings.push_back({.check = model::check::rule_mail,
                                  .outcome = Outcome::not_applicable,
                                  .expected = "somebody is asked for approval",
                                  .seen = "nobody is: the message is held for another reason too",
                                  .hint = "an administrator decides, by connectorctl held"});
  }

  void take_away(const RuleMatch& match) {
    for (const std::size_t place : match.recipients) {
      RuleMessage::Recipient& recipient = message_.recipients()[place];
      recipient.is_gone = true;
      auto& added = decision_.changes.added_recipients;
      if (recipient.number == RuleMessage::added) {
        std::erase_if(added,
                      [&](const auto& one) { return model::comparable_address(one.address) == recipient.address; });
      } else {
        decision_.changes.removed_recipients.push_back(recipient.number);
      }
    }
    changed_ = true;
    message_.recipients_changed();
  }

  // A copy that is more than blind by another rule.
  void make_seen(const std::string& compared) {
    for (model::AddedRecipient& one : decision_.changes.added_recipients) {
      if (model::comparable_address(one.address) == compared) one.blind = false;
    }
  }

  void add_recipients(const RuleAction& action) {
    const bool blind = action.kind == RuleActionKind::bcc;
    for (const std::string& address : action.to) {
      std::string compared = model::comparable_address(address);
      const auto& there = message_.recipients();
      const bool is_there = std::any_of(there.begin(), there.end(), [&](const RuleMessage::Recipient& one) {
        return !one.is_gone && one.address == compared;
      });
      if (is_there) {
        if (!blind) make_seen(compared);
        continue;
      }
      if (decision_.changes.added_recipients.size() >= max_added_recipients) {
        return reject({554, "5.6.0", "Rules would send the message to too many recipients"});
      }
      decision_.changes.added_recipients.push_back({address, blind});
      message_.recipients().push_back({std::move(compared), RuleMessage::added});
      changed_ = true;
      message_.recipients_changed();
    }
  }

  void add_to_field(const char* field, const RuleAction& action) {
    add_recipients(action);
    std::vector<std::string> there = message_.addresses_in(field);
    for (const std::string& address : action.to) {
      std::string compared = model::comparable_address(address);
      if (std::find(there.begin(), there.end(), compared) != there.end()) continue;
      there.push_back(std::move(compared));
      edit({FieldEdit::Kind::append_address, field, address});
    }
  }

  // The mail server reads the header anew for each field that is deleted, as for those of decide.h.
  bool may_remove(const std::string& name, std::size_t spared) {
    const auto& header = message_.header();
    const auto count = static_cast<std::size_t>(std::count_if(
        header.begin(), header.end(), [&name](const auto& field) { return mail::is_named(field.name, name); }));
    removed_fields_ += count > spared ? count - spared : 0;
    return removed_fields_ <= max_forged_fields;
  }

  void edit(FieldEdit change) {
    const bool is_addition = change.kind == FieldEdit::Kind::add || change.kind == FieldEdit::Kind::append_address;
    if (!is_addition && !may_remove(change.name, change.kind == FieldEdit::Kind::set ? 1 : 0)) {
      return reject({550, "5.6.0", "The message has too many header fields that a rule would remove"});
    }
    apply_to(message_.change_header(), change);
    decision_.changes.fields.push_back(std::move(change));
    changed_ = true;
  }

  static void apply_to(std::vector<model::MessageField>& header, const FieldEdit& change) {
    const auto is_meant = [&change](const model::MessageField& field) {
      return mail::is_named(field.name, change.name);
    };
    const auto first = std::find_if(header.begin(), header.end(), is_meant);
    if (change.kind == FieldEdit::Kind::append_address && first != header.end()) {
      first->raw += ", " + change.value;
      first->text += ", " + change.value;
      return;
    }
    if (change.kind == FieldEdit::Kind::set || change.kind == FieldEdit::Kind::remove) std::erase_if(header, is_meant);
    if (change.kind != FieldEdit::Kind::remove)
      header.insert(header.begin(), {change.name, change.value, change.value});
  }

  void prepend_subject(const std::string& mark) {
    auto& marks = decision_.changes.subject_prefixes;
    if (std::find(marks.begin(), marks.end(), mark) != marks.end()) return;
    marks.push_back(mark);
    auto& header = message_.change_header();
    bool found = false;
    for (model::MessageField& field : header) {
      if (!mail::is_named(field.name, "Subject")) continue;
      field.text.insert(0, mark);
      found = true;
    }
    if (!found) header.insert(header.begin(), {"Subject", mark, mark});
    changed_ = true;
  }

  // With its placeholders filled in.
  std::string filled(const std::string& text, const Rule& rule,
                     mail::PlaceholderForm form = mail::PlaceholderForm::text) const {
    if (text.find('{') == std::string::npos) return text;
    return mail::fill_placeholders(text,
                                   {.sender = facts_.mail_from.address,
                                    .recipients = facts_.recipients,
                                    .subject = std::string(message_.text_of("Subject")),
                                    .rule = rule.name,
                                    .message_id = std::string(message_.text_of("Message-ID")),
                                    .unix_time = facts_.unix_time},
                                   form);
  }

  void strip(const CompiledRule& compiled, const RuleAction& action) {
    const Rule& rule = *compiled.rule;
    auto parts = facts_.content ? attachments_meant(compiled.when.asked, facts_.content->inspection)
                                : std::vector<std::size_t>();
    if (parts.empty()) return;
    const std::string text =
        action.text.empty() ? "An attachment was removed by a rule of the mail server." : action.text;
    decision_.changes.stripped.push_back({rule.name, std::move(parts), filled(text, rule), rule.on_error});
  }

  // A message that nobody is left for is taken and thrown away; one that goes no further is not changed.
  void finish() {
    auto& removed = decision_.changes.removed_recipients;
    std::sort(removed.begin(), removed.end());
    const auto& all = message_.recipients();
    const bool nobody_left =
        !all.empty() && std::all_of(all.begin(), all.end(), [](const auto& recipient) { return recipient.is_gone; });
    const bool goes_on = decision_.action == Action::accept || decision_.action == Action::quarantine;
    if (goes_on && nobody_left) {
      decision_.action = Action::discard;
      decision_.quarantine.clear();
    }
    drop_needless_questions();
    if (decision_.action == Action::accept || decision_.action == Action::quarantine) return;
    decision_.changes = {};
    decision_.quarantine.clear();
  }

  // A rule's route counts before those of all recipients' domains, so who looks for the latter must find it.
  void note_route() {
    if (router_ == nullptr || (decision_.action != Action::accept && decision_.action != Action::quarantine)) return;
    constexpr std::size_t max_named = 5;
    std::vector<std::string> others;
    for (const RuleMessage::Recipient& recipient : message_.recipients()) {
      const std::string_view name = message_.outbound_of(recipient);
      const bool is_other = !recipient.is_gone && !name.empty() && name != decision_.outbound;
      if (!is_other || std::find(others.begin(), others.end(), name) != others.end()) continue;
      others.emplace_back(name);
      if (others.size() == max_named) break;
    }
    decision_.findings.push_back(
        {.check = model::check::outbound_route,
         .connector = decision_.outbound,
         .outcome = Outcome::result,
         .seen = "rule \"" + router_->name + "\" sends the message this way, whatever its recipients' domains say" +
                 (others.empty() ? "" : "; without it, it would leave by " + base::joined(others))});
  }

  const model::Facts& facts_;
  Decision& decision_;
  const std::vector<CompiledRule>& rules_;
  RuleMessage message_;
  NanosecondClock clock_;
  const Rule* router_ = nullptr;  // that chose the route
  bool ended_ = false;
  bool changed_ = false;
  bool is_held_by_others_ = false;  // by a rule that asks nobody, or by DMARC
  std::size_t removed_fields_ = 0;
};

}  // namespace

void run_rules(const Policy& policy, const model::Facts& facts, Decision& decision, NanosecondClock clock) {
  if (policy.rules().empty()) return;
  if (facts.is_own_mail) {
    decision.findings.push_back({.check = model::check::rule,
                                 .outcome = Outcome::not_applicable,
                                 .expected = "mail of others",
                                 .seen = "connectord wrote it, so no rule is asked"});
    return;
  }
  RuleRun(policy, facts, decision, clock).run();
}

}  // namespace connectord::engine
