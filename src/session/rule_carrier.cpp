#include "rule_carrier.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "connectord/base/hexadecimal.h"
#include "connectord/mime/encrypt.h"
#include "connectord/mime/html.h"
#include "recipient_certificates.h"

namespace connectord::session {
namespace {

using model::Action;
using model::ActionFallback;
using model::Outcome;

std::string chance_boundary() {
  std::array<unsigned char, 16> bytes{};
  ::RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return "connectord-" + base::to_hex(bytes);
}

// The changes of one message's body.
class BodyCarrier {
 public:
  BodyCarrier(ContentEditor& editor, const model::Facts& facts, model::Decision& decision)
      : editor_(editor), facts_(facts), decision_(decision) {}

  void carry_out() {
    for (const model::StrippedParts& stripped : decision_.changes.stripped) strip(stripped);
    for (const model::DisclaimerEdit& disclaimer : decision_.changes.disclaimers) add(disclaimer);
    for (const model::WrapEdit& wrapping : decision_.changes.wraps) wrap_whole(wrapping);
    // Once is enough, and of a message that goes no further needless.
    const bool goes_on = decision_.action == Action::accept || decision_.action == Action::quarantine;
    if (goes_on && !decision_.changes.encryptions.empty()) encrypt(decision_.changes.encryptions.front());
  }

 private:
  void strip(const model::StrippedParts& stripped) {
    const auto done = editor_.strip(stripped);
    if (done) return;
    const bool defers = stripped.on_error == model::OnRuleError::defer;
    report(
        stripped.rule, "attachments are taken out", done.error(), defers ? Outcome::temperror : Outcome::not_applicable,
        defers ? "the message is deferred; on_error = \"ignore\" lets it pass as it is" : "the message stays as it is");
    if (defers) end(Action::defer, {451, "4.7.1", "Attachments cannot be removed from the message"});
  }

  void add(const model::DisclaimerEdit& disclaimer) {
    const auto done = editor_.add(disclaimer);
    if (done) return;
    switch (disclaimer.fallback) {
      case ActionFallback::ignore:
        return report(disclaimer.rule, "a disclaimer", done.error(), Outcome::not_applicable,
                      "the message stays as it is");
      case ActionFallback::reject:
        report(disclaimer.rule, "a disclaimer", done.error(), Outcome::fail,
               "fallback = \"ignore\" lets it pass without");
        return end(Action::reject, {550, "5.7.1", "A disclaimer that is required cannot be put into the message"});
      case ActionFallback::wrap:
        return wrap(disclaimer, done.error());
      case ActionFallback::require_tls:  // of encryption alone
        return;
    }
  }

  void wrap(const model::DisclaimerEdit& disclaimer, const std::string& why) {
    const std::string text = disclaimer.text.empty() ? mime::text_of_html(disclaimer.html) : disclaimer.text;
    const auto wrapped = editor_.wrap(text, chance_boundary());
    report(disclaimer.rule, "a disclaimer", why, wrapped ? Outcome::pass : Outcome::temperror,
           wrapped ? "the message was put into another one that has it" : "it could not be wrapped either");
    if (!wrapped) end(Action::defer, {451, "4.7.1", "A disclaimer cannot be put into the message"});
  }

  void wrap_whole(const model::WrapEdit& wrapping) {
    const auto done = editor_.wrap(wrapping.text, chance_boundary());
    if (done) return;
    const bool defers = wrapping.on_error == model::OnRuleError::defer;
    report(wrapping.rule, "the message within another one", done.error(),
           defers ? Outcome::temperror : Outcome::not_applicable,
           defers ? "on_error = \"ignore\" lets it pass as it is" : "the message stays as it is");
    if (defers) end(Action::defer, {451, "4.7.1", "The message cannot be wrapped"});
  }

  // All who get it must be able to read it: those who are left, and those whom rules have added.
  std::vector<std::string> all_recipients() const {
    const model::RuleChanges& changes = decision_.changes;
    std::vector<std::string> addresses;
    for (std::size_t number = 0; number < facts_.recipients.size(); ++number) {
      const bool is_gone =
          std::binary_search(changes.removed_recipients.begin(), changes.removed_recipients.end(), number);
      if (!is_gone) addresses.push_back(facts_.recipients[number]);
    }
    for (const model::AddedRecipient& added : changes.added_recipients) addresses.push_back(added.address);
    return addresses;
  }

  void encrypt(const model::EncryptEdit& encryption) {
    const std::string what = "the message is encrypted to all who get it";
    if (mime::is_encrypted(editor_.header())) {
      return report(encryption.rule, what, "it is encrypted already", Outcome::pass, "");
    }
    const auto found = find_certificates(encryption.certificates, all_recipients(), facts_.unix_time);
    if (!found.missing.empty()) return fall_back(encryption, what, found.missing);
    const auto done = editor_.encrypt(found.certificates, encryption.cipher);
    if (!done) return cannot_encrypt(encryption, what, done.error());
    report(encryption.rule, what,
           "encrypted for " + std::to_string(found.certificates.size()) + " with " +
               std::string(model::word_of(encryption.cipher)),
           Outcome::pass, "");
  }

  void fall_back(const model::EncryptEdit& encryption, const std::string& what, const std::string& missing) {
    const std::string why = "no certificate of " + missing;
    switch (encryption.fallback) {
      case ActionFallback::require_tls:
        decision_.outbound = encryption.connector;
        return report(encryption.rule, what, why, Outcome::not_applicable,
                      "it leaves by connector " + encryption.connector + ", with TLS");
      case ActionFallback::ignore:
        return report(encryption.rule, what, why, Outcome::not_applicable, "it leaves as it is");
      default:
        report(encryption.rule, what, why, Outcome::fail,
               "put certificates in PEM into " + encryption.certificates + ", readable for connectord's user");
        end(Action::reject, {550, "5.7.10", "The message must be encrypted, and not all recipients have certificates"});
    }
  }

  void cannot_encrypt(const model::EncryptEdit& encryption, const std::string& what, const std::string& why) {
    const bool defers = encryption.on_error == model::OnRuleError::defer;
    report(encryption.rule, what, why, defers ? Outcome::temperror : Outcome::not_applicable,
           defers ? "on_error = \"ignore\" lets it pass as it is" : "the message stays as it is");
    if (defers) end(Action::defer, {451, "4.7.1", "The message cannot be encrypted"});
  }

  void report(const std::string& rule, const std::string& what, const std::string& why, Outcome outcome,
              const std::string& hint) {
    decision_.findings.push_back({.check = model::check::rule_change,
                                  .outcome = outcome,
                                  .expected = what + ", as rule \"" + rule + "\" says",
                                  .seen = why,
                                  .hint = hint});
  }

  void end(Action action, model::Reply reply) {
    if (decision_.action == Action::reject || decision_.action == action) return;
    decision_.action = action;
    decision_.reply = std::move(reply);
  }

  ContentEditor& editor_;
  const model::Facts& facts_;
  model::Decision& decision_;
};

// Of what came in with a good signature, and leaves with one that may not verify.
void record_broken_signatures(const model::Facts& facts, model::Decision& decision) {
  const auto& signatures = facts.authentication.dkim;
  if (!signatures || !decision.signatures.empty()) return;
  const auto good = std::find_if(signatures->begin(), signatures->end(), [](const model::DkimSignature& signature) {
    return signature.result == model::DkimResult::pass;
  });
  if (good == signatures->end()) return;
  decision.findings.push_back({.check = model::check::rule_change,
                               .outcome = Outcome::not_applicable,
                               .expected = "the message as " + good->domain + " signed it",
                               .seen = "rules have changed it, so that signature may not verify behind us",
                               .hint = "Authentication-Results say what it was; have later filters read them"});
}

}  // namespace

CarriedOut carry_out(const model::Facts& facts, const std::shared_ptr<const KeptBody>& kept,
                     model::Decision& decision) {
  CarriedOut result;
  const bool edits_body = decision.changes.change_body() && kept != nullptr && kept->problem().empty();
  if (!facts.header || (!decision.changes.change_header() && !edits_body)) return result;
  HeaderScribe scribe(*facts.header);
  for (const model::FieldEdit& edit : decision.changes.fields) scribe.carry_out(edit);
  for (const std::string& mark : decision.changes.subject_prefixes) scribe.mark_subject(mark);
  if (edits_body) {
    auto editor = std::make_shared<ContentEditor>(kept, scribe.header());
    BodyCarrier(*editor, facts, decision).carry_out();
    if (decision.action != Action::accept && decision.action != Action::quarantine) {
      decision.changes = {};
      decision.quarantine.clear();
      decision.signatures.clear();
      return {};
    }
    for (const mime::FieldChange& change : editor->field_changes()) scribe.carry_out(change);
    if (editor->changes_body()) result.body = {editor, &editor->body()};
  }
  if (scribe.changes().empty() && result.body == nullptr) return result;
  record_broken_signatures(facts, decision);
  result.header_changes = scribe.changes();
  result.header = scribe.header();
  return result;
}

}  // namespace connectord::session
