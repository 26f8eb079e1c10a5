#pragma once

#include <string>
#include <vector>

#include "connectord/engine/rule_book.h"
#include "rule_message.h"

namespace connectord::engine {

// What a rule says of a message.
struct RuleMatch {
  Truth truth = Truth::no;
  // Places in the message's recipients; those that it concerns, where it asks for recipients.
  std::vector<std::size_t> recipients;
  bool asks_recipients = false;
};

// Whether `when` holds and nothing of `unless` does. Of `unless`, what is about recipients excludes these alone.
RuleMatch match_rule(const CompiledRule& rule, const RuleMessage& message);

// Which keys of `when` hold, and by what: "sender_domains (carol@contoso.com), subject_words (Re: secret)".
std::string reason_of(const CompiledRule& rule, const RuleMessage& message, const RuleMatch& match);

}  // namespace connectord::engine
