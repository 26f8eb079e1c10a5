#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connectord/model/facts.h"
#include "connectord/model/rule.h"
#include "rule_message.h"

namespace connectord::engine {

// Calls back with each key of `asked` that is about attachments, and whether it holds, until it returns false. A key
// holds where any attachment has it.
void visit_attachment_keys(const model::RuleConditions& asked, const RuleMessage& message,
                           const std::function<bool(const char*, Truth, const std::string&)>& visit);

// Which attachments a rule is about: those that have all keys that it asks for, of the first reading; all that belong
// to no text where it asks for none.
std::vector<std::size_t> attachments_meant(const model::RuleConditions* asked, const model::Inspection& inspection);

// Whether a name is as the pattern says, in which "*" stands for anything and "?" for one character. No case counts.
// Takes time in proportion to both lengths.
bool is_like(std::string_view name, std::string_view pattern);

}  // namespace connectord::engine
