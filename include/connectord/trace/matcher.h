#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/trace/search.h"

namespace connectord::trace {

// By what a message can be looked up.
enum class SoughtBy : std::uint8_t {
  message_id,
  queue_id,
  recipient,
  sender,
  client,
  rule,
  sender_domain,
  recipient_domain,
  author,
  author_domain,
};

struct Sought {
  SoughtBy by = SoughtBy::sender;
  std::int32_t term = 0;
};

// What a query wants of the texts of a message, in the form in which these are compared.
class Matcher {
 public:
  explicit Matcher(const Query& query);

  // Terms of which what is looked for has one, where possible of what the fewest messages have; empty for none.
  std::vector<Sought> sought() const;

  bool sender_holds(std::string_view mail_from) const;
  bool author_holds(std::string_view header_from) const;
  bool recipient_holds(std::string_view rcpt_to) const;
  bool rules_hold(const std::vector<model::RuleHit>& rules) const;

  bool wants_null_sender() const { return sender_ == "<>"; }
  bool wants_recipient() const { return !recipient_.empty(); }
  bool wants_rule() const { return !rule_.empty(); }
  // In lower case, without angle brackets; empty for any.
  const std::string& message_id() const { return message_id_; }

 private:
  std::string sender_;
  std::string recipient_;
  std::string author_;
  std::string message_id_;
  std::string queue_id_;
  std::string client_;  // bytes, of a single one
  std::string rule_;    // in lower case
};

// The searches that Query::word stands for: one for each thing that the word can be and that the query does not name.
std::vector<Query> readings_of_word(const Query& query);

}  // namespace connectord::trace
