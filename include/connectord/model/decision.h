#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/finding.h"
#include "connectord/model/rule.h"
#include "connectord/model/words.h"

namespace connectord::model {

// discard: taken, and delivered to nobody. Stored: do not change.
enum class Action : std::uint8_t { accept = 0, reject = 1, defer = 2, quarantine = 3, discard = 4 };

consteval auto words_of(Action) {
  return std::to_array<Named<Action>>({{Action::accept, "accept"},
                                       {Action::reject, "reject"},
                                       {Action::defer, "defer"},
                                       {Action::quarantine, "quarantine"},
                                       {Action::discard, "discard"}});
}

// The answer to the SMTP client.
struct Reply {
  int code = 550;        // RFC 5321, 4.2
  std::string enhanced;  // RFC 3463, of the IANA registry: "5.7.1"
  std::string text;
  friend bool operator==(const Reply&, const Reply&) = default;
};

// How mail was attributed to its connector, in rising order of what counts most.
enum class IdentifiedBy : std::uint8_t {  // stored: do not change
  nothing = 0,
  sender_domain = 1,
  client_network = 2,
  certificate = 3,
};
consteval auto words_of(IdentifiedBy) {
  return std::to_array<Named<IdentifiedBy>>({{IdentifiedBy::nothing, "nothing"},
                                             {IdentifiedBy::sender_domain, "sender_domain"},
                                             {IdentifiedBy::client_network, "client_network"},
                                             {IdentifiedBy::certificate, "certificate"}});
}

// A rule that a message matched, or that could not be asked.
struct RuleHit {
  std::string rule;
  Mode mode = Mode::enforce;
  bool matched = true;               // false: it could not be asked, or does not hold now; `skipped_because` says why
  std::string because;               // which conditions matched, and by what
  std::vector<std::string> actions;  // their words, in the order of the rule
  std::vector<std::string> recipients;  // those that it concerns, where it is not for all of the message
  std::string skipped_because;
  std::optional<RuleSeverity> severity;
  std::int64_t microseconds = 0;  // that it took, rounded up; 0 where nobody measured
};

// "mark: ", "mark (audit): "
std::string title_of(const RuleHit& hit);
// "prepend_subject, set_header"; "stop" for a rule without actions.
std::string actions_of(const RuleHit& hit);

// A change to a message's own fields that rules ask for.
struct FieldEdit {
  enum class Kind : std::uint8_t { set, add, remove, append_address };

  Kind kind = Kind::set;
  std::string name;
  std::string value;  // UTF-8 on one line
};

// A text that is put into a message.
struct DisclaimerEdit {
  std::string rule;
  std::string html;
  std::string text;
  DisclaimerPosition position = DisclaimerPosition::append;
  ActionFallback fallback = ActionFallback::ignore;
  bool once = true;
};

// Attachments that are to be taken out, by their parts' numbers, and what stands in their place.
struct StrippedParts {
  std::string rule;
  std::vector<std::size_t> parts;  // of the first reading
  std::string text;
  OnRuleError on_error = OnRuleError::defer;  // where they cannot be taken out
};

// The message as an attachment of a new one.
struct WrapEdit {
  std::string rule;
  std::string text;                           // stands in front of it
  OnRuleError on_error = OnRuleError::defer;  // where it cannot be wrapped
};

// The message is encrypted to all who get it (S/MIME).
struct EncryptEdit {
  std::string rule;
  std::string certificates;  // the folder
  ActionFallback fallback = ActionFallback::reject;
  ContentCipher cipher = ContentCipher::aes_256_gcm;
  std::string connector;                      // of the fallback require_tls
  OnRuleError on_error = OnRuleError::defer;  // where it cannot be encrypted for another reason
};

// Somebody whom a rule sends the message to.
struct AddedRecipient {
  std::string address;
  bool blind = false;  // a copy that the sender knows nothing of, and gets no notice of if it fails

  friend bool operator==(const AddedRecipient&, const AddedRecipient&) = default;
};

// A message that a rule has written about this one, as it came.
struct WrittenMail {
  RuleActionKind kind = RuleActionKind::journal;  // what writes_mail() is true of
  std::string rule;
  std::vector<std::string> to;
  std::string subject;
  std::string text;
  std::string html;
  std::vector<IncidentContent> content;
  std::optional<RuleSeverity> severity;
  OnRuleError on_error =
      OnRuleError::defer;   // where a journal report, or a question for approval, cannot be handed over
  std::int64_t expire = 0;  // seconds; of hold_for_approval
};

// What the rules change of a message that goes on, each list in the order of the rules.
struct RuleChanges {
  std::vector<FieldEdit> fields;
  std::vector<std::string> subject_prefixes;
  std::vector<StrippedParts> stripped;
  std::vector<DisclaimerEdit> disclaimers;
  std::vector<WrapEdit> wraps;
  std::vector<EncryptEdit> encryptions;         // the first one counts
  std::vector<std::size_t> removed_recipients;  // numbers of the facts' recipients, rising
  std::vector<AddedRecipient> added_recipients;

  bool change_body() const {
    return !stripped.empty() || !disclaimers.empty() || !wraps.empty() || !encryptions.empty();
  }
  bool change_header() const { return !fields.empty() || !subject_prefixes.empty(); }
};

// Why a DMARC policy is not followed where a sealer that we trust vouches for the message (RFC 8617, 7.2.1).
inline constexpr std::string_view override_by_sealer = "a trusted ARC sealer saw DMARC pass";

struct Decision {
  Decision();
  Decision(const Decision&);
  Decision(Decision&&) noexcept;
  Decision& operator=(const Decision&);
  Decision& operator=(Decision&&) noexcept;
  ~Decision();

  Action action = Action::accept;
  std::optional<Reply> reply;  // for reject and defer
  std::string connector;       // the attribution; empty for none
  IdentifiedBy identified_by = IdentifiedBy::nothing;
  std::string tag;         // what the tag header is to carry; empty for no tag
  std::string outbound;    // by which the whole message leaves because of its tag; empty: as each recipient's domain
  std::string quarantine;  // why later filters should set the message aside, where a header is to say so
  std::string dmarc_override;  // why a DMARC policy is not followed (RFC 9990, PolicyOverrideReason); empty if it is
  std::vector<std::size_t> signatures;  // which entries of the configuration's signing sign the message
  bool seals = false;                   // what rules change of it is sealed, since it is not ours to sign
  std::vector<RuleHit> rules;           // in the order of the rules
  RuleChanges changes;
  std::vector<WrittenMail> mail;  // in the order of the rules
  std::vector<Finding> findings;
};

// A change to a message's header fields.
struct HeaderChange {
  enum class Kind : std::uint8_t { remove, insert, replace };

  Kind kind = Kind::insert;
  std::string name;
  std::string value;  // of an insertion or a replacement
  // remove, replace: which of the fields of that name, from 1; insert: before which field, from 0
  std::uint32_t position = 0;
};

std::string_view to_string(Action action);
std::string_view to_string(IdentifiedBy identified_by);
// "550 5.7.10 text"
std::string to_string(const Reply& reply);

}  // namespace connectord::model
