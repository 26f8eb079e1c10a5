#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/index.h"
#include "connectord/match/text_set.h"
#include "connectord/model/configuration.h"
#include "connectord/net/address_set.h"

namespace connectord::engine {

using RuleNumber = std::uint32_t;  // in the order in which rules are asked

// Addresses and domains of a key or a file.
struct AddressMatcher {
  boost::unordered_flat_set<std::string, StringHash, std::equal_to<>> addresses;
  DomainIndex domains;

  // `address` as model::comparable_address() makes it.
  bool matches(std::string_view address) const {
    if (addresses.contains(address)) return true;
    const std::string_view domain = model::domain_of_address(address);
    return !domain.empty() && domains.matches(domain);
  }
};

// The keys whose words or patterns are looked for in text, each with a number of its own in the set of its text.
enum class TextKey : std::uint8_t {
  sender_words,
  sender_patterns,
  recipient_words,
  recipient_patterns,
  to_words,
  to_patterns,
  cc_words,
  cc_patterns,
  subject_words,
  subject_patterns,
  body_words,
  body_patterns,
  header,
  charset_words,
  attachment_words,
  attachment_patterns,
  count
};

// What one [rule.when] or [rule.unless] asks, ready to be compared.
struct RuleKeys {
  const model::RuleConditions* asked = nullptr;  // nullptr: nothing
  std::shared_ptr<const AddressMatcher> sender, sender_domains, senders_file;
  std::shared_ptr<const AddressMatcher> recipient, recipient_domains, recipients_file;
  std::shared_ptr<const AddressMatcher> to_header, cc_header;
  net::AddressSet client_networks;
  std::array<match::TextSet::Owner, static_cast<std::size_t>(TextKey::count)> owners{};  // 0: not asked

  match::TextSet::Owner owner(TextKey key) const { return owners[static_cast<std::size_t>(key)]; }
};

struct CompiledRule {
  const model::Rule* rule = nullptr;
  RuleKeys when;
  RuleKeys unless;
  std::vector<const model::RuleAction*> actions;  // in the order in which they are carried out
  bool looks_beyond_envelope = false;             // it may not be known at RCPT whether it matches
  bool changes_header = false;                    // and so must know all of it
  bool changes_content = false;
};

// What the enabled rules look at, and so what must be gathered of a message.
struct RuleNeeds {
  bool header = false;  // they look at header fields, or change some
  bool size = false;
  bool content = false;      // of the body
  bool texts = false;        // its texts
  bool attachments = false;  // what is attached
  bool recipients = false;   // they add or remove some
  bool mail = false;         // they write mail about it
  bool splits = false;       // they want recipients apart, by the client
  bool copies = false;       // the same, by copies of ours
};

// The enabled rules of one configuration in their order, and what finds those that may match a message without looking
// at all: each is entered under one of the things that it asks for, the one that fewest messages have. Built once, then
// read only and thread-safe.
class RuleBook {
 public:
  // `configuration` must outlive it.
  explicit RuleBook(const model::Configuration& configuration);

  const std::vector<CompiledRule>& rules() const { return rules_; }
  bool empty() const { return rules_.empty(); }
  const RuleNeeds& needs() const { return needs_; }
  // Why the rules cannot be used together; empty if they can.
  const std::string& problem() const { return problem_; }
  // Those that end a recipient's way or the rules' own for reasons that are not known at RCPT.
  const std::vector<RuleNumber>& obstacles() const { return obstacles_; }

  // The words and patterns of all rules, by the text that they are looked for in.
  const match::TextSet& senders() const { return senders_; }
  const match::TextSet& recipients() const { return recipients_; }
  const match::TextSet& to_header() const { return to_; }
  const match::TextSet& cc_header() const { return cc_; }
  const match::TextSet& subject() const { return subject_; }
  const match::TextSet& body() const { return body_; }
  const match::TextSet& charsets() const { return charsets_; }
  const match::TextSet& attachments() const { return attachments_; }
  // Of a field by its name in lower case; nullptr: no rule asks for it.
  struct FieldSet {
    match::TextSet texts;
    std::vector<match::TextSet::Owner> present;  // who asks only whether it is there
  };
  const FieldSet* field(std::string_view lower_name) const {
    const auto found = fields_.find(lower_name);
    return found == fields_.end() ? nullptr : &found->second;
  }
  bool has_fields() const { return !fields_.empty(); }

  // Calls back with the rules that mail of ours, or all other mail, may match whatever else it has.
  template <class Visit>
  void visit_unindexed(bool ours, Visit&& visit) const {
    for (const RuleNumber number : unindexed_[ours ? 1 : 0]) visit(number);
  }
  template <class Visit>
  void visit_sender(std::string_view address, Visit&& visit) const {
    visit_text(sender_addresses_, address, visit);
    sender_domains_.visit(model::domain_of_address(address), [&visit](RuleNumber number, unsigned) { visit(number); });
  }
  template <class Visit>
  void visit_recipient(std::string_view address, Visit&& visit) const {
    visit_text(recipient_addresses_, address, visit);
    recipient_domains_.visit(model::domain_of_address(address),
                             [&visit](RuleNumber number, unsigned) { visit(number); });
  }
  template <class Visit>
  void visit_client(const net::IpAddress& address, Visit&& visit) const {
    networks_.visit(address, [&visit](RuleNumber number, std::uint32_t) { visit(number); });
  }
  template <class Visit>
  void visit_connector(std::string_view name, Visit&& visit) const {
    visit_text(connectors_, name, visit);
  }
  // The rule that is found by this key's words or patterns.
  std::optional<RuleNumber> found_by(match::TextSet::Owner owner) const {
    return owner < found_by_.size() && found_by_[owner] != nobody ? std::optional(found_by_[owner]) : std::nullopt;
  }

 private:
  static constexpr RuleNumber nobody = ~RuleNumber{0};

  void add(const model::Rule& rule);
  RuleKeys keys_of(const std::optional<model::RuleConditions>& conditions);
  void add_texts(const model::RuleConditions& conditions, RuleKeys& keys);
  void add_header_texts(const model::RuleConditions& conditions, RuleKeys& keys);
  void add_text_key(match::TextSet& set, const std::vector<std::string>& words,
                    const std::vector<std::string>& patterns, TextKey first, RuleKeys& keys);
  match::TextSet::Owner new_owner();
  std::shared_ptr<const AddressMatcher> of_file(const std::shared_ptr<const model::AddressList>& list);
  void note_needs(const model::Rule& rule);
  void enter(RuleNumber number);
  bool enter_by_people(RuleNumber number, const RuleKeys& keys);
  bool enter_by_text(RuleNumber number, const RuleKeys& keys);
  void compile_sets();

  std::vector<CompiledRule> rules_;
  std::vector<RuleNumber> obstacles_;
  RuleNeeds needs_;
  std::string problem_;
  match::TextSet senders_, recipients_, to_, cc_, subject_, body_, charsets_, attachments_;
  StringMap<FieldSet> fields_;
  std::vector<RuleNumber> found_by_{nobody};  // by owner; 0 is nobody
  StringMap<std::shared_ptr<const AddressMatcher>> files_;

  std::array<std::vector<RuleNumber>, 2> unindexed_;
  StringMap<Connectors> sender_addresses_, recipient_addresses_, connectors_;
  DomainIndex sender_domains_, recipient_domains_;
  NetworkIndex networks_;
};

}  // namespace connectord::engine
