#include "rule_mail.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "connectord/mail/addresses.h"
#include "connectord/mime/encoded_word.h"
#include "connectord/outbox/approval.h"
#include "connectord/outbox/sender.h"

namespace connectord::session {
namespace {

using model::IncidentContent;
using model::Outcome;
using model::RuleActionKind;
using model::WrittenMail;

// For all that is written about one message; the mail server itself waits for five minutes.
constexpr std::chrono::seconds writing_limit{30};
// The most recipients of a message that one notice goes to.
constexpr std::size_t max_notified = 100;

std::string kind_of(const WrittenMail& mail) {
  switch (mail.kind) {
    case RuleActionKind::journal:
      return "a journal report";
    case RuleActionKind::notify:
      return "a notice";
    case RuleActionKind::hold_for_approval:
      return "a question for approval";
    default:
      return "an incident report";
  }
}

std::string author_address(const model::Configuration& configuration) {
  const model::Organization& organization = configuration.organization;
  if (!organization.contact.empty()) return organization.contact;
  const auto& domains = organization.accepted_domains;
  const auto named = std::find_if(domains.begin(), domains.end(), [](const auto& one) { return !one.name().empty(); });
  return "postmaster@" + (named == domains.end() ? configuration.server.host_name : named->name());
}

outbox::Author author_of(const model::Configuration& configuration) {
  const std::string& name = configuration.organization.name;
  return {.host_name = configuration.server.host_name,
          .address = author_address(configuration),
          .name = name.empty() ? "connectord" : name};
}

std::vector<std::string> named_in_header(const std::vector<mail::HeaderField>& header) {
  constexpr std::size_t max_named = 50;
  std::vector<std::string> lines;
  for (const mail::HeaderField& field : header) {
    const char* name = mail::is_named(field.name, "To") ? "To: " : mail::is_named(field.name, "Cc") ? "Cc: " : nullptr;
    if (name == nullptr) continue;
    for (const std::string& address : mail::addresses_in(field.value)) {
      if (lines.size() < max_named) lines.push_back(name + address);
    }
  }
  return lines;
}

// What spoke against the message, and why the rule matched.
std::vector<std::string> findings_for(const model::Decision& decision, const std::string& rule) {
  std::vector<std::string> lines;
  for (const model::RuleHit& hit : decision.rules) {
    if (hit.rule == rule && hit.matched) lines.push_back(hit.because);
  }
  for (const model::Finding& finding : decision.findings) {
    const bool against = finding.outcome == Outcome::fail || finding.outcome == Outcome::temperror;
    if (against && finding.check != std::string_view(model::check::rule)) {
      lines.push_back(std::string(finding.check) + ": " + finding.seen);
    }
  }
  return lines;
}

std::vector<IncidentContent> usual_content() {
  return {IncidentContent::sender,     IncidentContent::recipients, IncidentContent::subject,
          IncidentContent::message_id, IncidentContent::date,       IncidentContent::connector,
          IncidentContent::severity,   IncidentContent::rule,       IncidentContent::findings};
}

class RuleMail {
 public:
  RuleMail(const runtime::Services& services, const Reported& about, model::Decision& decision)
      : services_(services),
        about_(about),
        decision_(decision),
        way_{about.configuration.mail_through(), about.configuration.server.host_name},
        deadline_(std::chrono::steady_clock::now() + writing_limit) {}

  void run() {
    drop_what_does_not_fit();
    ask_each_by_himself();
    // Journal reports first, since the message may come again for want of one.
    std::stable_partition(decision_.mail.begin(), decision_.mail.end(),
                          [](const WrittenMail& mail) { return mail.kind == RuleActionKind::journal; });
    for (const WrittenMail& mail : decision_.mail) {
      if (decision_.action == model::Action::defer) return;
      write(mail);
    }
  }

 private:
  void drop_what_does_not_fit() {
    if (decision_.action == model::Action::defer) decision_.mail.clear();
    if (decision_.action != model::Action::quarantine) {
      std::erase_if(decision_.mail,
                    [](const WrittenMail& mail) { return mail.kind == RuleActionKind::hold_for_approval; });
    }
    if (decision_.action != model::Action::reject) return;
    std::erase_if(decision_.mail, [](const WrittenMail& mail) { return mail.kind == RuleActionKind::journal; });
  }

  // Each approver has a link of his own, by which it is known who decided.
  void ask_each_by_himself() {
    std::vector<WrittenMail> all;
    for (WrittenMail& mail : decision_.mail) {
      if (mail.kind != RuleActionKind::hold_for_approval) {
        all.push_back(std::move(mail));
        continue;
      }
      for (const std::string& approver : mail.to) {
        all.push_back(mail);
        all.back().to = {approver};
      }
    }
    decision_.mail = std::move(all);
  }

  void write(const WrittenMail& mail) {
    const std::string restraint = why_not(mail);
    if (!restraint.empty()) return report(mail, Outcome::not_applicable, "none: " + restraint);
    if (services_.outbox == nullptr) return report(mail, Outcome::not_applicable, "nothing is handed over here");
    const auto place = services_.outbox->place(deadline_);
    if (!place) return fail(mail, "too much mail is being written at this moment");
    const auto key = services_.outbox->key();
    if (!key) return fail(mail, key.error());
    const auto composed = compose(mail, **key);
    if (!composed) return fail(mail, composed.error());
    const auto handed = services_.outbox->hand_over(*composed, way_, deadline_);
    if (!handed.is_accepted()) return fail(mail, handed.words);
    report(mail, Outcome::pass, handed.words);
  }

  std::string why_not(const WrittenMail& mail) const {
    if (mail.kind == RuleActionKind::journal) return {};
    std::string why = outbox::why_not_answered(about_.facts.mail_from.address, about_.original.fields());
    if (!why.empty() || services_.outbox == nullptr) return why;
    const bool may = services_.outbox->notices().take(mail.rule, about_.facts.unix_time);
    return may ? "" : "the rule has written as many in an hour as it may";
  }

  tl::expected<outbox::Mail, std::string> compose(const WrittenMail& mail, const outbox::Key& key) const {
    if (!about_.original.problem().empty()) return tl::unexpected(std::string(about_.original.problem()));
    const bool lacks_body = about_.body != nullptr && !about_.body->problem().empty();
    if (lacks_body && quotes_original(mail)) return tl::unexpected(about_.body->problem());
    const mime::MemoryBytes nothing("");
    const mime::Bytes* body = about_.body;
    const outbox::Original original{about_.original.fields(), body == nullptr ? nothing : *body};
    const outbox::Author author = author_of(about_.configuration);
    if (mail.kind == RuleActionKind::journal) {
      return outbox::compose_journal_report(original, envelope(), mail.rule, mail.to, author, key,
                                            about_.facts.unix_time);
    }
    const mail::PlaceholderValues values = values_for(mail);
    if (mail.kind == RuleActionKind::hold_for_approval) {
      return outbox::compose_notice(question(mail, key), values, mail.to, author, key);
    }
    if (mail.kind == RuleActionKind::incident_report) {
      return outbox::compose_incident_report(incident(mail, values), content_of(mail), original, mail.to, author, key);
    }
    return outbox::compose_notice(notice(mail), values, notified(mail), author, key);
  }

  outbox::Envelope envelope() const {
    const model::Facts& facts = about_.facts;
    return {.sender = facts.mail_from.address,
            .recipients = facts.recipients,
            .is_authenticated = !facts.sasl_username.empty()};
  }

  mail::PlaceholderValues values_for(const WrittenMail& mail) const {
    const auto& header = about_.original.fields();
    return {.sender = about_.facts.mail_from.address,
            .recipients = about_.facts.recipients,
            .subject = mime::first_header_text(header, "Subject"),
            .rule = mail.rule,
            .message_id = mime::first_header_text(header, "Message-ID"),
            .unix_time = about_.facts.unix_time};
  }

  outbox::Incident incident(const WrittenMail& mail, mail::PlaceholderValues values) const {
    return {.about = std::move(values),
            .severity = mail.severity ? std::string(model::word_of(*mail.severity)) : "",
            .findings = findings_for(decision_, mail.rule),
            .header_recipients = named_in_header(about_.original.fields()),
            .connector = decision_.connector};
  }

  static std::vector<IncidentContent> content_of(const WrittenMail& mail) {
    return mail.content.empty() ? usual_content() : mail.content;
  }

  static bool quotes_original(const WrittenMail& mail) {
    return mail.kind == RuleActionKind::journal || model::holds_original(mail.content);
  }

  // The code stands in this mail and nowhere else: not in the log, the trace or a finding.
  outbox::Notice question(const WrittenMail& mail, const outbox::Key& key) const {
    constexpr std::int64_t hour = 3600;
    const std::string& url = about_.configuration.server.api_url;
    const std::string queue_id(about_.queue_id);
    std::string text =
        "A message is held until somebody approves of it, as the rule \"{rule}\" wants.\n\n"
        "Sender: {sender}\nRecipients: {recipients}\nSubject: {subject}\nDate: {date}\n\n";
    if (!url.empty() && !queue_id.empty()) {
      const std::string code = outbox::approval_code(
          {.queue_id = queue_id, .approver = mail.to.front(), .asked = about_.facts.unix_time, .valid = mail.expire},
          key);
      text += "To release or to reject it, open\n\n" + url + "/approval/" + code +
              "\n\nThe link is yours alone, for one decision within " + std::to_string(mail.expire / hour) +
              " hours. Whoever has it can decide, so do not pass it on.\n";
    } else {
      text += "An administrator releases it by\n\n  connectorctl held release " + queue_id +
              "\n\nand deletes it by\n\n  connectorctl held delete " + queue_id + "\n";
    }
    return {.subject = "Approval wanted: {subject}", .text = std::move(text), .html = {}};
  }

  static outbox::Notice notice(const WrittenMail& mail) {
    return {.subject = mail.subject.empty() ? "Notice: {subject}" : mail.subject, .text = mail.text, .html = mail.html};
  }

  static std::vector<std::string> notified(const WrittenMail& mail) {
    std::vector<std::string> to = mail.to;
    if (to.size() > max_notified) to.resize(max_notified);
    return to;
  }

  static bool may_be_needed(const WrittenMail& mail) {
    return mail.kind == RuleActionKind::journal || mail.kind == RuleActionKind::hold_for_approval;
  }
  static bool is_needed(const WrittenMail& mail) {
    return may_be_needed(mail) && mail.on_error == model::OnRuleError::defer;
  }

  // Mail that is lost for the archive, or that nobody would ever release, is not taken.
  void fail(const WrittenMail& mail, const std::string& why) {
    report(mail, Outcome::temperror, why);
    if (!is_needed(mail)) return;
    defer_instead(decision_,
                  {451, "4.3.0",
                   mail.kind == RuleActionKind::journal ? "A journal report cannot be handed over now; try again later"
                                                        : "Nobody can be asked for approval now; try again later"});
  }

  void report(const WrittenMail& mail, Outcome outcome, const std::string& seen) {
    model::Finding finding{
        .check = model::check::rule_mail,
        .outcome = outcome,
        .expected = way_.server.to_string() + " takes " + kind_of(mail) + ", as rule \"" + mail.rule + "\" says",
        .seen = seen};
    if (outcome == Outcome::temperror) {
      finding.hint = may_be_needed(mail)
                         ? "server.mail_through names the server, which must take mail from this machine for these "
                           "addresses; on_error = \"ignore\" does without"
                         : "server.mail_through names the server, which must take mail from this machine for these "
                           "addresses; the message itself went on without";
    }
    decision_.findings.push_back(std::move(finding));
  }

  const runtime::Services& services_;
  const Reported& about_;
  model::Decision& decision_;
  outbox::Way way_;
  smtp::Deadline deadline_;
};

}  // namespace

void defer_instead(model::Decision& decision, model::Reply reply) {
  decision.action = model::Action::defer;
  decision.reply = std::move(reply);
  decision.quarantine.clear();
  decision.changes = {};
  decision.signatures.clear();
}

void write_mail_of_rules(const runtime::Services& services, const Reported& about, model::Decision& decision) {
  if (!decision.mail.empty()) RuleMail(services, about, decision).run();
}

}  // namespace connectord::session
