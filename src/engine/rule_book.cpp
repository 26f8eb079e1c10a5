#include "connectord/engine/rule_book.h"

#include <algorithm>
#include <utility>

#include "connectord/base/ascii_case.h"

namespace connectord::engine {
namespace {

using match::TextSet;
using model::Direction;
using model::RuleActionKind;
using model::RuleConditions;

std::shared_ptr<const AddressMatcher> matcher_of(const std::vector<std::string>& addresses) {
  if (addresses.empty()) return nullptr;
  auto matcher = std::make_shared<AddressMatcher>();
  matcher->addresses.insert(addresses.begin(), addresses.end());
  return matcher;
}

std::shared_ptr<const AddressMatcher> matcher_of(const std::vector<net::DomainPattern>& domains) {
  if (domains.empty()) return nullptr;
  auto matcher = std::make_shared<AddressMatcher>();
  for (const net::DomainPattern& domain : domains) matcher->domains.add(domain, 0);
  return matcher;
}

bool names_senders(const RuleConditions& keys) {
  return !keys.sender.empty() || !keys.sender_domains.empty() || !keys.sender_words.empty() ||
         !keys.sender_patterns.empty() || keys.senders != nullptr;
}

bool asks_header(const RuleConditions& keys) {
  const bool by_header = names_senders(keys) && keys.sender_location != model::SenderLocation::envelope;
  return by_header || !keys.to_header.empty() || !keys.to_header_words.empty() || !keys.to_header_patterns.empty() ||
         !keys.cc_header.empty() || !keys.cc_header_words.empty() || !keys.cc_header_patterns.empty() ||
         !keys.subject_words.empty() || !keys.subject_patterns.empty() || !keys.header.empty() ||
         !keys.body_or_subject_words.empty() || !keys.body_or_subject_patterns.empty() || !keys.importance.empty() ||
         !keys.message_types.empty();
}

bool asks_attachments(const RuleConditions& keys) {
  return !keys.attachment_names.empty() || !keys.attachment_extensions.empty() || keys.attachment_size_over ||
         !keys.attachment_kinds.empty() || !keys.attachment_words.empty() || !keys.attachment_patterns.empty() ||
         keys.attachment_executable || keys.attachment_encrypted || keys.attachment_uninspectable ||
         keys.attachment_limit_exceeded;
}

bool asks_content(const RuleConditions& keys) {
  return !keys.body_or_subject_words.empty() || !keys.body_or_subject_patterns.empty() || !keys.charset_words.empty() ||
         !keys.message_types.empty() || asks_attachments(keys);
}

bool asks_results(const RuleConditions& keys) {
  return !keys.spf.empty() || !keys.dkim.empty() || !keys.dmarc.empty() || !keys.arc.empty();
}

bool looks_beyond_envelope(const std::optional<RuleConditions>& keys) {
  return keys && (asks_header(*keys) || asks_content(*keys) || asks_results(*keys) || keys->message_size_over);
}

bool has_action(const model::Rule& rule, RuleActionKind kind) {
  return std::any_of(rule.actions.begin(), rule.actions.end(),
                     [kind](const model::RuleAction& action) { return action.kind == kind; });
}

bool writes_header(const model::RuleAction& action) {
  switch (action.kind) {
    case RuleActionKind::set_header:
    case RuleActionKind::add_header:
    case RuleActionKind::remove_header:
    case RuleActionKind::prepend_subject:
    case RuleActionKind::add_to:
    case RuleActionKind::add_cc:
      return true;
    default:
      return action.changes_content();
  }
}

bool allows(const std::vector<Direction>& directions, Direction direction) {
  return directions.empty() || std::find(directions.begin(), directions.end(), direction) != directions.end();
}

}  // namespace

RuleBook::RuleBook(const model::Configuration& configuration) {
  std::vector<const model::Rule*> enabled;
  for (const model::Rule& rule : configuration.rules) {
    if (rule.enabled) enabled.push_back(&rule);
  }
  std::sort(enabled.begin(), enabled.end(), [](const auto* a, const auto* b) { return a->priority < b->priority; });
  rules_.reserve(enabled.size());
  for (const model::Rule* rule : enabled) add(*rule);
  // A seal is over the body, whichever part of the message was changed.
  const bool changes = std::any_of(rules_.begin(), rules_.end(), [](const auto& rule) { return rule.changes_header; });
  if (configuration.sealing && changes) needs_.content = needs_.header = true;
  compile_sets();
}

void RuleBook::add(const model::Rule& rule) {
  const auto number = static_cast<RuleNumber>(rules_.size());
  CompiledRule compiled{&rule, keys_of(rule.when), keys_of(rule.unless), {}};
  for (const model::RuleAction& action : rule.actions) {
    compiled.actions.push_back(&action);
    compiled.changes_header = compiled.changes_header || writes_header(action);
    compiled.changes_content = compiled.changes_content || action.changes_content();
  }
  std::stable_sort(compiled.actions.begin(), compiled.actions.end(),
                   [](const auto* a, const auto* b) { return a->kind < b->kind; });
  compiled.looks_beyond_envelope = looks_beyond_envelope(rule.when) || looks_beyond_envelope(rule.unless);
  const bool ends_something =
      rule.stop || has_action(rule, RuleActionKind::redirect) || has_action(rule, RuleActionKind::remove);
  if (compiled.looks_beyond_envelope && ends_something && rule.mode == model::Mode::enforce) {
    obstacles_.push_back(number);
  }
  rules_.push_back(std::move(compiled));
  note_needs(rule);
  enter(number);
}

void RuleBook::note_needs(const model::Rule& rule) {
  needs_.splits = needs_.splits || (rule.split == "split" && rule.mode == model::Mode::enforce);
  if (rule.split == "copy" && rule.mode == model::Mode::enforce) {
    needs_.copies = needs_.recipients = needs_.mail = needs_.content = needs_.header = true;
  }
  for (const auto* keys : {&rule.when, &rule.unless}) {
    if (!*keys) continue;
    needs_.header = needs_.header || asks_header(**keys) || asks_content(**keys);
    needs_.size = needs_.size || (*keys)->message_size_over.has_value();
    needs_.content = needs_.content || asks_content(**keys);
    needs_.texts =
        needs_.texts || !(*keys)->body_or_subject_words.empty() || !(*keys)->body_or_subject_patterns.empty();
    needs_.attachments = needs_.attachments || asks_attachments(**keys);
  }
  for (const model::RuleAction& action : rule.actions) {
    needs_.mail = needs_.mail || action.writes_mail();
    switch (action.kind) {
      case RuleActionKind::incident_report:
        if (!model::holds_original(action.content)) break;
        [[fallthrough]];
      case RuleActionKind::journal:
        needs_.content = true;
        needs_.header = true;
        break;
      case RuleActionKind::strip_attachments:
        needs_.attachments = true;
        [[fallthrough]];
      case RuleActionKind::disclaimer:
      case RuleActionKind::encrypt:
      case RuleActionKind::wrap:
        needs_.content = true;
        needs_.header = true;
        break;
      case RuleActionKind::set_header:
      case RuleActionKind::add_header:
      case RuleActionKind::remove_header:
      case RuleActionKind::prepend_subject:
        needs_.header = true;
        break;
      case RuleActionKind::add_to:
      case RuleActionKind::add_cc:
        needs_.header = true;
        needs_.recipients = true;
        break;
      case RuleActionKind::bcc:
      case RuleActionKind::redirect:
      case RuleActionKind::remove:
        needs_.recipients = true;
        break;
      default:
        break;
    }
  }
}

TextSet::Owner RuleBook::new_owner() {
  found_by_.push_back(nobody);
  return static_cast<TextSet::Owner>(found_by_.size() - 1);
}

std::shared_ptr<const AddressMatcher> RuleBook::of_file(const std::shared_ptr<const model::AddressList>& list) {
  if (list == nullptr) return nullptr;
  auto& known = files_[std::to_string(reinterpret_cast<std::uintptr_t>(list.get()))];
  if (known == nullptr) {
    auto matcher = std::make_shared<AddressMatcher>();
    matcher->addresses.insert(list->addresses.begin(), list->addresses.end());
    for (const net::DomainPattern& domain : list->domains) matcher->domains.add(domain, 0);
    known = std::move(matcher);
  }
  return known;
}

RuleKeys RuleBook::keys_of(const std::optional<RuleConditions>& conditions) {
  RuleKeys keys;
  if (!conditions) return keys;
  keys.asked = &*conditions;
  keys.sender = matcher_of(conditions->sender);
  keys.sender_domains = matcher_of(conditions->sender_domains);
  keys.senders_file = of_file(conditions->senders);
  keys.recipient = matcher_of(conditions->recipient);
  keys.recipient_domains = matcher_of(conditions->recipient_domains);
  keys.recipients_file = of_file(conditions->recipients);
  keys.to_header = matcher_of(conditions->to_header);
  keys.cc_header = matcher_of(conditions->cc_header);
  keys.client_networks = net::AddressSet(conditions->client_networks);
  add_texts(*conditions, keys);
  add_header_texts(*conditions, keys);
  return keys;
}

void RuleBook::add_text_key(TextSet& set, const std::vector<std::string>& words,
                            const std::vector<std::string>& patterns, TextKey first, RuleKeys& keys) {
  const auto index = static_cast<std::size_t>(first);
  if (!words.empty()) keys.owners[index] = new_owner();
  if (!patterns.empty()) keys.owners[index + 1] = new_owner();
  for (const std::string& word : words) set.add_word(word, keys.owners[index]);
  for (const std::string& pattern : patterns) set.add_pattern(pattern, keys.owners[index + 1]);
}

void RuleBook::add_texts(const RuleConditions& conditions, RuleKeys& keys) {
  add_text_key(senders_, conditions.sender_words, conditions.sender_patterns, TextKey::sender_words, keys);
  add_text_key(recipients_, conditions.recipient_words, conditions.recipient_patterns, TextKey::recipient_words, keys);
  add_text_key(to_, conditions.to_header_words, conditions.to_header_patterns, TextKey::to_words, keys);
  add_text_key(cc_, conditions.cc_header_words, conditions.cc_header_patterns, TextKey::cc_words, keys);
  add_text_key(subject_, conditions.subject_words, conditions.subject_patterns, TextKey::subject_words, keys);
  add_text_key(charsets_, conditions.charset_words, {}, TextKey::charset_words, keys);
  add_text_key(attachments_, conditions.attachment_words, conditions.attachment_patterns, TextKey::attachment_words,
               keys);
  add_text_key(body_, conditions.body_or_subject_words, conditions.body_or_subject_patterns, TextKey::body_words, keys);
}

void RuleBook::add_header_texts(const RuleConditions& conditions, RuleKeys& keys) {
  if (conditions.header.empty()) return;
  const TextSet::Owner owner = new_owner();
  keys.owners[static_cast<std::size_t>(TextKey::header)] = owner;
  for (const model::HeaderCondition& header : conditions.header) {
    FieldSet& field = fields_[base::to_lower(header.name)];
    if (header.words.empty() && header.patterns.empty()) field.present.push_back(owner);
    for (const std::string& word : header.words) field.texts.add_word(word, owner);
    for (const std::string& pattern : header.patterns) field.texts.add_pattern(pattern, owner);
  }
}

// Under the key that fewest messages have, as a rule of thumb: an address before a domain, people before texts.
void RuleBook::enter(RuleNumber number) {
  const RuleKeys& keys = rules_[number].when;
  if (keys.asked != nullptr) {
    if (enter_by_people(number, keys)) return;
    if (!keys.asked->inbound_connectors.empty()) {
      for (const std::string& name : keys.asked->inbound_connectors) connectors_[name].push_back(number);
      return;
    }
    if (!keys.asked->client_networks.empty()) {
      for (const net::AddressRange& range : keys.asked->client_networks) networks_.add(range, number, 0);
      return;
    }
    if (enter_by_text(number, keys)) return;
  }
  const std::vector<Direction> any;
  const auto& directions = keys.asked == nullptr ? any : keys.asked->direction;
  if (allows(directions, Direction::inbound)) unindexed_[0].push_back(number);
  if (allows(directions, Direction::outbound) || allows(directions, Direction::internal)) {
    unindexed_[1].push_back(number);
  }
}

bool RuleBook::enter_by_people(RuleNumber number, const RuleKeys& keys) {
  const RuleConditions& asked = *keys.asked;
  const auto enter_list = [number](const std::vector<std::string>& addresses,
                                   const std::vector<net::DomainPattern>& domains, StringMap<Connectors>& by_address,
                                   DomainIndex& by_domain) {
    for (const std::string& address : addresses) by_address[address].push_back(number);
    for (const net::DomainPattern& domain : domains) by_domain.add(domain, number);
    return !addresses.empty() || !domains.empty();
  };
  const std::vector<net::DomainPattern> no_domains;
  const std::vector<std::string> nobody_else;
  const model::AddressList none;
  const model::AddressList& senders = asked.senders == nullptr ? none : *asked.senders;
  const model::AddressList& recipients = asked.recipients == nullptr ? none : *asked.recipients;
  return enter_list(asked.sender, no_domains, sender_addresses_, sender_domains_) ||
         enter_list(asked.recipient, no_domains, recipient_addresses_, recipient_domains_) ||
         enter_list(nobody_else, asked.sender_domains, sender_addresses_, sender_domains_) ||
         enter_list(nobody_else, asked.recipient_domains, recipient_addresses_, recipient_domains_) ||
         enter_list(senders.addresses, senders.domains, sender_addresses_, sender_domains_) ||
         enter_list(recipients.addresses, recipients.domains, recipient_addresses_, recipient_domains_);
}

// Not by the body's texts, which may not be known.
bool RuleBook::enter_by_text(RuleNumber number, const RuleKeys& keys) {
  for (const TextKey key : {TextKey::header, TextKey::subject_words, TextKey::subject_patterns, TextKey::sender_words,
                            TextKey::sender_patterns, TextKey::to_words, TextKey::to_patterns, TextKey::cc_words,
                            TextKey::cc_patterns, TextKey::recipient_words, TextKey::recipient_patterns}) {
    if (keys.owner(key) == 0) continue;
    found_by_[keys.owner(key)] = number;
    return true;
  }
  return false;
}

void RuleBook::compile_sets() {
  const auto compile = [this](TextSet& set, const std::string& of) {
    const auto done = set.compile();
    if (!done && problem_.empty()) problem_ = of + ": " + done.error();
  };
  compile(senders_, "sender_patterns");
  compile(recipients_, "recipient_patterns");
  compile(to_, "to_header_patterns");
  compile(cc_, "cc_header_patterns");
  compile(subject_, "subject_patterns");
  compile(body_, "body_or_subject_patterns");
  compile(attachments_, "attachment_patterns");
  for (auto& [name, field] : fields_) compile(field.texts, "header " + name);
}

}  // namespace connectord::engine
