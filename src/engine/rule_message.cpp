#include "rule_message.h"

#include <algorithm>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/addresses.h"
#include "connectord/mail/header_field.h"

namespace connectord::engine {
namespace {

using match::TextSet;
using model::MessageField;

void make_unique(std::vector<TextSet::Owner>& owners) {
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
}

// As it came and as people see it: a word may be in either alone.
void find_in_field(const TextSet& set, const MessageField& field, std::vector<TextSet::Owner>& owners, bool& complete) {
  complete = set.find(field.text, owners) && complete;
  if (field.raw != field.text) complete = set.find(field.raw, owners) && complete;
}

bool is_readable(const std::optional<model::MessageContent>& content) {
  return content && content->unreadable.empty();
}

bool is_whole(const model::Inspection& inspection) {
  return inspection.uninspectable.empty() && inspection.limit_exceeded.empty();
}

}  // namespace

RuleMessage::RuleMessage(const Policy& policy, const model::Facts& facts, const model::Decision& decision, bool ours)
    : policy_(policy),
      facts_(facts),
      decision_(decision),
      ours_(ours),
      envelope_sender_(model::comparable_address(facts.mail_from.address)) {
  recipients_.reserve(facts.recipients.size());
  for (const std::string& recipient : facts.recipients) {
    recipients_.push_back({model::comparable_address(recipient), recipients_.size()});
  }
  for (const std::size_t number : facts.apart) recipients_[number].is_gone = true;
}

RuleMessage::RuleMessage(const Policy& policy, const model::Facts& facts, const model::Decision& decision, bool ours,
                         std::string_view recipient)
    : policy_(policy),
      facts_(facts),
      decision_(decision),
      ours_(ours),
      envelope_sender_(model::comparable_address(facts.mail_from.address)),
      recipients_{{model::comparable_address(recipient), 0}} {}

const std::vector<MessageField>& RuleMessage::header() const {
  static const std::vector<MessageField> none;
  if (changed_header_) return *changed_header_;
  return facts_.header ? *facts_.header : none;
}

std::vector<MessageField>& RuleMessage::change_header() {
  if (!changed_header_) changed_header_ = header();
  hits_ = {};
  author_addresses_.reset();
  return *changed_header_;
}

std::string_view RuleMessage::text_of(std::string_view name) const {
  for (const MessageField& field : header()) {
    if (mail::is_named(field.name, name)) return field.text;
  }
  return {};
}

std::vector<std::string> RuleMessage::addresses_in(std::string_view name) const {
  std::vector<std::string> addresses;
  for (const MessageField& field : header()) {
    if (!mail::is_named(field.name, name)) continue;
    for (const std::string& address : mail::addresses_in(field.raw)) {
      addresses.push_back(model::comparable_address(address));
    }
  }
  return addresses;
}

const std::vector<std::string>& RuleMessage::author_addresses() const {
  if (!author_addresses_) author_addresses_ = addresses_in("From");
  return *author_addresses_;
}

bool RuleMessage::is_internal_domain(std::string_view domain) const {
  if (domain.empty() || net::is_single_label(domain)) return true;
  return policy_.index().accepted_domains().matches(domain);
}

bool RuleMessage::sender_is_internal() const {
  return ours_ && is_internal_domain(facts_.mail_from.domain);
}

std::string_view RuleMessage::outbound_of(const Recipient& recipient) const {
  const auto* connector = route_of(policy_, {decision_.tag, facts_.mail_from.address}, {recipient.address, false});
  return connector == nullptr ? std::string_view() : std::string_view(connector->name);
}

Truth RuleMessage::has(TextKey key, TextSet::Owner owner) const {
  switch (key) {
    case TextKey::to_words:
    case TextKey::to_patterns:
      return has_in(Text::to, owner);
    case TextKey::cc_words:
    case TextKey::cc_patterns:
      return has_in(Text::cc, owner);
    case TextKey::subject_words:
    case TextKey::subject_patterns:
      return has_in(Text::subject, owner);
    case TextKey::body_words:
    case TextKey::body_patterns:
      return has_in(Text::body, owner);
    case TextKey::header:
      return has_in(Text::fields, owner);
    case TextKey::charset_words:
      return has_in(Text::charsets, owner);
    case TextKey::attachment_words:
    case TextKey::attachment_patterns:
      return has_in(Text::attachments, owner);
    default:
      return Truth::no;
  }
}

Truth RuleMessage::sender_has(model::SenderLocation location, TextSet::Owner owner) const {
  const bool by_envelope = location != model::SenderLocation::header;
  const Truth envelope = by_envelope ? has_in(Text::sender_envelope, owner) : Truth::no;
  if (envelope == Truth::yes || location == model::SenderLocation::envelope) return envelope;
  const Truth header = has_in(Text::sender_header, owner);
  return header == Truth::no ? envelope : header;
}

Truth RuleMessage::has_in(Text text, TextSet::Owner owner) const {
  const Hits& hits = hits_of(text);
  if (std::binary_search(hits.owners.begin(), hits.owners.end(), owner)) return Truth::yes;
  return hits.complete ? Truth::no : Truth::unknown;
}

const RuleMessage::Hits& RuleMessage::hits_of(Text text) const {
  auto& hits = hits_[static_cast<std::size_t>(text)];
  if (!hits) {
    hits = find_hits(text);
    make_unique(hits->owners);
  }
  return *hits;
}

void RuleMessage::find_in_fields(std::string_view name, const TextSet& set, Hits& hits) const {
  hits.complete = header_is_whole();
  if (set.empty()) return;
  for (const MessageField& field : header()) {
    if (mail::is_named(field.name, name)) find_in_field(set, field, hits.owners, hits.complete);
  }
}

void RuleMessage::find_in_all_fields(Hits& hits) const {
  hits.complete = header_is_whole();
  if (!policy_.rules().has_fields()) return;
  for (const MessageField& field : header()) {
    const RuleBook::FieldSet* asked = policy_.rules().field(base::to_lower(field.name));
    if (asked == nullptr) continue;
    hits.owners.insert(hits.owners.end(), asked->present.begin(), asked->present.end());
    if (!asked->texts.empty()) find_in_field(asked->texts, field, hits.owners, hits.complete);
  }
}

void RuleMessage::find_in_body(Hits& hits) const {
  const TextSet& set = policy_.rules().body();
  find_in_fields("Subject", set, hits);
  if (!is_readable(facts_.content) || facts_.content->text_is_cut) hits.complete = false;
  if (!facts_.content) return;
  for (const std::string& reading : facts_.content->texts) {
    hits.complete = set.find(reading, hits.owners) && hits.complete;
  }
}

// Text that is not taken out of its kind of file may have the words.
void RuleMessage::find_in_attachments(Hits& hits) const {
  hits.complete = is_readable(facts_.content) && is_whole(facts_.content->inspection);
  if (!facts_.content) return;
  for (const model::Attachment& attachment : facts_.content->inspection.attachments) {
    const model::FileContents& contents = attachment.contents;
    const bool all_read =
        !contents.has_unread_text && !contents.text_is_cut && !contents.is_uninspectable() && !contents.exceeds_limit();
    hits.complete = hits.complete && all_read;
    for (const std::string& text : contents.texts) {
      hits.complete = policy_.rules().attachments().find(text, hits.owners) && hits.complete;
    }
  }
}

RuleMessage::Hits RuleMessage::find_hits(Text text) const {
  const RuleBook& book = policy_.rules();
  Hits hits;
  switch (text) {
    case Text::sender_envelope:
      if (!book.senders().empty()) hits.complete = book.senders().find(facts_.mail_from.address, hits.owners);
      break;
    case Text::sender_header:
      hits.complete = header_is_whole();
      if (book.senders().empty()) break;
      for (const std::string& address : author_addresses()) {
        hits.complete = book.senders().find(address, hits.owners) && hits.complete;
      }
      break;
    case Text::to:
      find_in_fields("To", book.to_header(), hits);
      break;
    case Text::cc:
      find_in_fields("Cc", book.cc_header(), hits);
      break;
    case Text::subject:
      find_in_fields("Subject", book.subject(), hits);
      break;
    case Text::body:
      find_in_body(hits);
      break;
    case Text::charsets:
      hits.complete = is_readable(facts_.content);
      if (!facts_.content) break;
      for (const std::string& charset : facts_.content->charsets) {
        hits.complete = book.charsets().find(charset, hits.owners) && hits.complete;
      }
      break;
    case Text::attachments:
      find_in_attachments(hits);
      break;
    case Text::fields:
      find_in_all_fields(hits);
      break;
    case Text::count:
      break;
  }
  return hits;
}

const std::vector<TextSet::Owner>& RuleMessage::recipient_hits(std::size_t recipient) const {
  const auto [found, is_new] = recipient_hits_.try_emplace(recipient);
  if (is_new) {
    policy_.rules().recipients().find(recipients_[recipient].address, found->second);
    make_unique(found->second);
  }
  return found->second;
}

bool RuleMessage::recipient_has(std::size_t recipient, TextSet::Owner owner) const {
  const auto& owners = recipient_hits(recipient);
  return std::binary_search(owners.begin(), owners.end(), owner);
}

}  // namespace connectord::engine
