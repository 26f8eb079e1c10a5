#include "rule_conditions.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "rule_attachments.h"

namespace connectord::engine {
namespace {

using model::Direction;
using model::RuleConditions;
using model::SenderLocation;

template <class Value>
bool contains(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool contains_text(const std::vector<std::string>& values, std::string_view value) {
  return std::any_of(values.begin(), values.end(), [value](const std::string& one) { return one == value; });
}

Truth any_of(Truth a, Truth b) {
  if (a == Truth::yes || b == Truth::yes) return Truth::yes;
  return a == Truth::unknown || b == Truth::unknown ? Truth::unknown : Truth::no;
}

// A sender's address, where the rule looks for it.
template <class InAddress>
Truth sender_truth(const RuleConditions& asked, const RuleMessage& message, InAddress&& matches) {
  Truth truth = Truth::no;
  if (asked.sender_location != SenderLocation::header) truth = truth_of(matches(message.envelope_sender()));
  if (asked.sender_location == SenderLocation::envelope || truth == Truth::yes) return truth;
  if (!message.header_is_whole()) truth = Truth::unknown;
  for (const std::string& address : message.author_addresses()) {
    if (matches(address)) return Truth::yes;
  }
  return truth;
}

Truth sender_in(const std::shared_ptr<const AddressMatcher>& matcher, const RuleConditions& asked,
                const RuleMessage& message) {
  return sender_truth(asked, message, [&](std::string_view address) { return matcher->matches(address); });
}

Truth field_has(const std::shared_ptr<const AddressMatcher>& matcher, const RuleMessage& message,
                std::string_view field) {
  for (const std::string& address : message.addresses_in(field)) {
    if (matcher->matches(address)) return Truth::yes;
  }
  return message.header_is_whole() ? Truth::no : Truth::unknown;
}

// Of a protocol that was not asked for this message, there is no result.
template <class Result, class Outcome, class Of>
Truth result_in(const std::vector<Result>& wanted, const std::optional<Outcome>& outcome, const RuleMessage& message,
                Of&& result_of) {
  if (!message.is_ended()) return Truth::unknown;
  return truth_of(outcome && contains(wanted, result_of(*outcome)));
}

model::DkimResult dkim_result(const std::vector<model::DkimSignature>& signatures) {
  for (const model::DkimSignature& signature : signatures) {
    if (signature.result == model::DkimResult::pass) return signature.result;
  }
  return signatures.empty() ? model::DkimResult::none : signatures.front().result;
}

// Mail of ours has a direction for each recipient, unless both will do.
bool asks_recipient_direction(const RuleConditions& asked, const RuleMessage& message) {
  return message.is_ours() &&
         contains(asked.direction, Direction::outbound) != contains(asked.direction, Direction::internal);
}

Truth direction_truth(const RuleConditions& asked, const RuleMessage& message) {
  if (!message.is_ours()) return truth_of(contains(asked.direction, Direction::inbound));
  return truth_of(contains(asked.direction, Direction::outbound) || contains(asked.direction, Direction::internal));
}

// Calls `visit(key, truth, seen)` for each key that is about the message, until it returns false. `seen` is a function.
template <class Visit>
void visit_sender_keys(const RuleKeys& keys, const RuleMessage& message, Visit&& visit, bool& goes_on) {
  const RuleConditions& asked = *keys.asked;
  const auto seen = [&message] {
    const auto& authors = message.author_addresses();
    return authors.empty() ? message.envelope_sender() : authors.front();
  };
  const auto visit_key = [&](const char* key, Truth truth) {
    if (goes_on) goes_on = visit(key, truth, seen);
  };
  if (keys.sender) visit_key("sender", sender_in(keys.sender, asked, message));
  if (goes_on && keys.sender_domains) visit_key("sender_domains", sender_in(keys.sender_domains, asked, message));
  if (goes_on && !asked.senders_file.empty()) visit_key("senders_file", sender_in(keys.senders_file, asked, message));
  for (const auto& [key, name] :
       {std::pair(TextKey::sender_words, "sender_words"), std::pair(TextKey::sender_patterns, "sender_patterns")}) {
    if (!goes_on || keys.owner(key) == 0) continue;
    visit_key(name, message.sender_has(asked.sender_location, keys.owner(key)));
  }
  if (goes_on && asked.sender_scope) {
    visit_key("sender_scope",
              truth_of(message.sender_is_internal() == (*asked.sender_scope == model::Scope::internal)));
  }
}

template <class Visit>
void visit_text_keys(const RuleKeys& keys, const RuleMessage& message, Visit&& visit, bool& goes_on) {
  struct Asked {
    TextKey key;
    const char* name;
    const char* field;
  };
  static constexpr std::array<Asked, 12> all = {{
      {TextKey::to_words, "to_header_words", "To"},
      {TextKey::to_patterns, "to_header_patterns", "To"},
      {TextKey::cc_words, "cc_header_words", "Cc"},
      {TextKey::cc_patterns, "cc_header_patterns", "Cc"},
      {TextKey::subject_words, "subject_words", "Subject"},
      {TextKey::subject_patterns, "subject_patterns", "Subject"},
      {TextKey::header, "header", ""},
      {TextKey::charset_words, "charset_words", ""},
      {TextKey::attachment_words, "attachment_words", ""},
      {TextKey::attachment_patterns, "attachment_patterns", ""},
      {TextKey::body_words, "body_or_subject_words", "Subject"},
      {TextKey::body_patterns, "body_or_subject_patterns", "Subject"},
  }};
  for (const Asked& asked : all) {
    if (!goes_on || keys.owner(asked.key) == 0) continue;
    const auto seen = [&] { return std::string(*asked.field == 0 ? "" : message.text_of(asked.field)); };
    goes_on = visit(asked.name, message.has(asked.key, keys.owner(asked.key)), seen);
  }
}

template <class Visit>
void visit_result_keys(const RuleKeys& keys, const RuleMessage& message, Visit&& visit, bool& goes_on) {
  const RuleConditions& asked = *keys.asked;
  const model::Authentication& found = message.facts().authentication;
  const auto visit_key = [&](const char* key, bool is_asked, auto&& truth) {
    if (goes_on && is_asked) goes_on = visit(key, truth(), [] { return std::string(); });
  };
  const auto own_result = [](const auto& outcome) { return outcome.result; };
  visit_key("spf", !asked.spf.empty(), [&] { return result_in(asked.spf, found.spf, message, own_result); });
  visit_key("dkim", !asked.dkim.empty(), [&] { return result_in(asked.dkim, found.dkim, message, dkim_result); });
  visit_key("dmarc", !asked.dmarc.empty(), [&] { return result_in(asked.dmarc, found.dmarc, message, own_result); });
  visit_key("arc", !asked.arc.empty(), [&] { return result_in(asked.arc, found.arc, message, own_result); });
}

Truth size_truth(const RuleConditions& asked, const RuleMessage& message) {
  const auto& content = message.facts().content;
  return content ? truth_of(content->size > *asked.message_size_over) : Truth::unknown;
}

Truth types_truth(const RuleConditions& asked, const RuleMessage& message) {
  const auto& content = message.facts().content;
  if (!content || !content->unreadable.empty()) return Truth::unknown;
  return truth_of(std::any_of(asked.message_types.begin(), asked.message_types.end(),
                              [&content](model::MessageType type) { return contains(content->types, type); }));
}

// Importance (RFC 2156), or what older programs write.
Truth importance_truth(const RuleConditions& asked, const RuleMessage& message) {
  using model::Importance;
  if (!message.header_is_whole()) return Truth::unknown;
  const std::string_view priority = base::trimmed(message.text_of("X-Priority")).substr(0, 1);
  Importance importance = Importance::normal;
  if (priority == "1" || priority == "2") importance = Importance::high;
  if (priority == "4" || priority == "5") importance = Importance::low;
  for (const auto& [value, word] : model::words<Importance>) {
    if (base::equals_ignoring_case(base::trimmed(message.text_of("Importance")), word)) importance = value;
  }
  return truth_of(contains(asked.importance, importance));
}

template <class Visit>
void visit_message_keys(const RuleKeys& keys, const RuleMessage& message, Visit&& visit) {
  const RuleConditions& asked = *keys.asked;
  const model::Facts& facts = message.facts();
  bool goes_on = true;
  const auto visit_key = [&](const char* key, bool is_asked, auto&& truth, auto&& seen) {
    if (goes_on && is_asked) goes_on = visit(key, truth(), seen);
  };
  const auto nothing = [] { return std::string(); };
  visit_key(
      "direction", !asked.direction.empty() && !asks_recipient_direction(asked, message),
      [&] { return direction_truth(asked, message); }, nothing);
  visit_key(
      "inbound_connectors", !asked.inbound_connectors.empty(),
      [&] { return truth_of(contains_text(asked.inbound_connectors, message.inbound_connector())); },
      [&] { return message.inbound_connector(); });
  visit_key(
      "authenticated", asked.authenticated.has_value(),
      [&] { return truth_of(*asked.authenticated == !facts.sasl_username.empty()); }, nothing);
  visit_key(
      "tls", asked.tls.has_value(), [&] { return truth_of(*asked.tls == facts.tls.has_value()); }, nothing);
  visit_key(
      "client_networks", !asked.client_networks.empty(),
      [&] { return truth_of(facts.client_address && keys.client_networks.contains(*facts.client_address)); },
      [&] { return facts.client_address ? facts.client_address->to_string() : std::string(); });
  visit_sender_keys(keys, message, visit, goes_on);
  visit_key(
      "to_header", keys.to_header != nullptr, [&] { return field_has(keys.to_header, message, "To"); },
      [&] { return std::string(message.text_of("To")); });
  visit_key(
      "cc_header", keys.cc_header != nullptr, [&] { return field_has(keys.cc_header, message, "Cc"); },
      [&] { return std::string(message.text_of("Cc")); });
  visit_result_keys(keys, message, visit, goes_on);
  visit_key(
      "message_size_over", asked.message_size_over.has_value(), [&] { return size_truth(asked, message); },
      [&] { return facts.content ? std::to_string(facts.content->size) + " bytes" : std::string(); });
  visit_key(
      "importance", !asked.importance.empty(), [&] { return importance_truth(asked, message); }, nothing);
  visit_key(
      "message_types", !asked.message_types.empty(), [&] { return types_truth(asked, message); }, nothing);
  visit_text_keys(keys, message, visit, goes_on);
  if (!goes_on) return;
  visit_attachment_keys(asked, message, [&visit](const char* key, Truth truth, const std::string& seen) {
    return visit(key, truth, [&seen] { return seen; });
  });
}

// Calls `visit(key, holds)` for each key that is about one recipient, until it returns false.
template <class Visit>
void visit_recipient_keys(const RuleKeys& keys, const RuleMessage& message, std::size_t place, Visit&& visit) {
  const RuleConditions& asked = *keys.asked;
  const RuleMessage::Recipient& recipient = message.recipients()[place];
  bool goes_on = true;
  const auto visit_key = [&](const char* key, bool is_asked, auto&& holds) {
    if (goes_on && is_asked) goes_on = visit(key, holds());
  };
  const auto is_internal = [&] { return message.is_internal_domain(model::domain_of_address(recipient.address)); };
  visit_key("direction", !asked.direction.empty() && asks_recipient_direction(asked, message),
            [&] { return is_internal() == contains(asked.direction, Direction::internal); });
  visit_key("recipient", keys.recipient != nullptr, [&] { return keys.recipient->matches(recipient.address); });
  visit_key("recipient_domains", keys.recipient_domains != nullptr,
            [&] { return keys.recipient_domains->matches(recipient.address); });
  visit_key("recipients_file", keys.recipients_file != nullptr,
            [&] { return keys.recipients_file->matches(recipient.address); });
  visit_key("recipient_scope", asked.recipient_scope.has_value(),
            [&] { return is_internal() == (*asked.recipient_scope == model::Scope::internal); });
  visit_key("outbound_connectors", !asked.outbound_connectors.empty(),
            [&] { return contains_text(asked.outbound_connectors, message.outbound_of(recipient)); });
  visit_key("recipient_words", keys.owner(TextKey::recipient_words) != 0,
            [&] { return message.recipient_has(place, keys.owner(TextKey::recipient_words)); });
  visit_key("recipient_patterns", keys.owner(TextKey::recipient_patterns) != 0,
            [&] { return message.recipient_has(place, keys.owner(TextKey::recipient_patterns)); });
}

bool asks_recipients(const RuleKeys& keys, const RuleMessage& message) {
  const RuleConditions& asked = *keys.asked;
  return keys.recipient != nullptr || keys.recipient_domains != nullptr || keys.recipients_file != nullptr ||
         asked.recipient_scope || !asked.outbound_connectors.empty() || keys.owner(TextKey::recipient_words) != 0 ||
         keys.owner(TextKey::recipient_patterns) != 0 ||
         (!asked.direction.empty() && asks_recipient_direction(asked, message));
}

// All keys must hold.
Truth all_keys(const RuleKeys& keys, const RuleMessage& message) {
  Truth truth = Truth::yes;
  if (keys.asked == nullptr) return truth;
  visit_message_keys(keys, message, [&truth](const char*, Truth one, auto&&) {
    if (one != Truth::yes) truth = one;
    return one != Truth::no;
  });
  return truth;
}

// Any key will do.
Truth any_key(const RuleKeys& keys, const RuleMessage& message) {
  Truth truth = Truth::no;
  if (keys.asked == nullptr) return truth;
  visit_message_keys(keys, message, [&truth](const char*, Truth one, auto&&) {
    truth = any_of(truth, one);
    return truth != Truth::yes;
  });
  return truth;
}

bool concerns(const CompiledRule& rule, const RuleMessage& message, std::size_t place) {
  if (message.recipients()[place].is_gone) return false;
  bool holds = true;
  if (rule.when.asked != nullptr) {
    visit_recipient_keys(rule.when, message, place, [&holds](const char*, bool one) { return holds = one; });
  }
  bool excluded = false;
  if (holds && rule.unless.asked != nullptr) {
    visit_recipient_keys(rule.unless, message, place, [&excluded](const char*, bool one) { return !(excluded = one); });
  }
  return holds && !excluded;
}

}  // namespace

RuleMatch match_rule(const CompiledRule& rule, const RuleMessage& message) {
  RuleMatch match;
  const Truth when = all_keys(rule.when, message);
  if (when == Truth::no) return match;
  const Truth unless = any_key(rule.unless, message);
  if (unless == Truth::yes) return match;
  match.asks_recipients = (rule.when.asked != nullptr && asks_recipients(rule.when, message)) ||
                          (rule.unless.asked != nullptr && asks_recipients(rule.unless, message));
  for (std::size_t place = 0; place < message.recipients().size(); ++place) {
    if (concerns(rule, message, place)) match.recipients.push_back(place);
  }
  // Of a message that an earlier rule deletes for all, later ones may still say more.
  if (match.recipients.empty() && match.asks_recipients) return match;
  const bool unknown = when == Truth::unknown || unless == Truth::unknown;
  match.truth = unknown ? Truth::unknown : Truth::yes;
  return match;
}

std::string reason_of(const CompiledRule& rule, const RuleMessage& message, const RuleMatch& match) {
  constexpr std::size_t max_seen = 80;
  if (rule.when.asked == nullptr) return "all mail";
  std::string reason;
  const auto add = [&reason](const char* key, const std::string& seen) {
    if (!reason.empty()) reason += ", ";
    reason += key;
    if (!seen.empty()) reason += " (" + base::printable(base::trimmed(seen), max_seen) + ")";
  };
  visit_message_keys(rule.when, message, [&](const char* key, Truth, auto&& seen) {
    add(key, seen());
    return true;
  });
  if (match.recipients.empty()) return reason;
  const std::size_t first = match.recipients.front();
  visit_recipient_keys(rule.when, message, first, [&](const char* key, bool) {
    add(key, message.recipients()[first].address);
    return true;
  });
  return reason;
}

}  // namespace connectord::engine
