#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/engine/rule_book.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// Whether something holds; unknown: that cannot be said now.
enum class Truth : std::uint8_t { no, yes, unknown };

constexpr Truth truth_of(bool value) {
  return value ? Truth::yes : Truth::no;
}

// A message as the next rule sees it: what is known of it, and what rules before have changed. What costs something is
// found out when it is first asked for. Not thread-safe.
class RuleMessage {
 public:
  struct Recipient {
    std::string address;   // comparable
    std::size_t number;    // of the facts' recipients; `added` for one that a rule added
    bool is_gone = false;  // a rule has taken it away
  };
  static constexpr std::size_t added = ~std::size_t{0};

  // `ours`: submitted, or of a connector of ours. All must outlive it.
  RuleMessage(const Policy& policy, const model::Facts& facts, const model::Decision& decision, bool ours);
  // At RCPT, of which `recipient` is the one.
  RuleMessage(const Policy& policy, const model::Facts& facts, const model::Decision& decision, bool ours,
              std::string_view recipient);

  const Policy& policy() const { return policy_; }
  const model::Facts& facts() const { return facts_; }
  bool is_ours() const { return ours_; }
  bool is_ended() const { return facts_.stage == model::Facts::Stage::message; }
  const std::string& inbound_connector() const { return decision_.connector; }

  const std::string& envelope_sender() const { return envelope_sender_; }
  const std::vector<std::string>& author_addresses() const;
  std::vector<Recipient>& recipients() { return recipients_; }
  const std::vector<Recipient>& recipients() const { return recipients_; }
  bool is_internal_domain(std::string_view domain) const;
  bool sender_is_internal() const;
  // The connector by which mail for this recipient would leave; empty for none.
  std::string_view outbound_of(const Recipient& recipient) const;

  // The fields, empty where they are not known. `header_is_whole` is false where there may be others.
  const std::vector<model::MessageField>& header() const;
  bool header_is_whole() const { return facts_.header && facts_.header_incomplete.empty(); }
  // The text of the first field of that name; empty if there is none.
  std::string_view text_of(std::string_view name) const;
  std::vector<std::string> addresses_in(std::string_view field) const;

  // The fields as rules change them. Later questions are answered by what is there then.
  std::vector<model::MessageField>& change_header();
  void recipients_changed() { recipient_hits_.clear(); }

  // Whether the words or patterns with this number are in the texts that they are looked for in.
  Truth has(TextKey key, match::TextSet::Owner owner) const;
  // The same for a sender's address, where the rule looks for it.
  Truth sender_has(model::SenderLocation location, match::TextSet::Owner owner) const;
  bool recipient_has(std::size_t recipient, match::TextSet::Owner owner) const;
  // Calls back with the owners of all words and patterns that are there, as far as they are known.
  template <class Visit>
  void visit_hits(Visit&& visit) const {
    for (const Text text :
         {Text::sender_envelope, Text::sender_header, Text::to, Text::cc, Text::subject, Text::fields}) {
      for (const match::TextSet::Owner owner : hits_of(text).owners) visit(owner);
    }
    if (policy_.rules().recipients().empty()) return;
    for (std::size_t i = 0; i < recipients_.size(); ++i) {
      for (const match::TextSet::Owner owner : recipient_hits(i)) visit(owner);
    }
  }

 private:
  enum class Text : std::uint8_t {
    sender_envelope,
    sender_header,
    to,
    cc,
    subject,
    body,
    fields,
    charsets,
    attachments,
    count
  };
  struct Hits {
    std::vector<match::TextSet::Owner> owners;  // sorted
    bool complete = true;
  };

  const Hits& hits_of(Text text) const;
  Hits find_hits(Text text) const;
  void find_in_fields(std::string_view name, const match::TextSet& set, Hits& hits) const;
  void find_in_all_fields(Hits& hits) const;
  void find_in_body(Hits& hits) const;
  void find_in_attachments(Hits& hits) const;
  Truth has_in(Text text, match::TextSet::Owner owner) const;
  const std::vector<match::TextSet::Owner>& recipient_hits(std::size_t recipient) const;

  const Policy& policy_;
  const model::Facts& facts_;
  const model::Decision& decision_;
  bool ours_;
  std::string envelope_sender_;
  std::vector<Recipient> recipients_;
  std::optional<std::vector<model::MessageField>> changed_header_;
  mutable std::optional<std::vector<std::string>> author_addresses_;
  mutable std::array<std::optional<Hits>, static_cast<std::size_t>(Text::count)> hits_;
  mutable std::map<std::size_t, std::vector<match::TextSet::Owner>> recipient_hits_;
};

}  // namespace connectord::engine
