#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/runtime/services.h"
#include "rule_mail.h"

namespace connectord::session {

// The recipients who get a message apart from the one that rules with split = "copy" change.
struct Apart {
  std::vector<std::size_t> numbers;  // of the facts' recipients, rising
  model::Decision decision;          // on the message to them alone
};

// More of them are not handed over in one message: mail servers take 1,000 recipients, many fewer.
inline constexpr std::size_t max_apart = 100;

// What is decided anew: `decide` decides on `facts` as they are when it is called.
struct ApartQuestion {
  const engine::Policy& policy;
  model::Facts& facts;
  const OriginalMessage* original;  // these two are there where a rule asks for copies
  const KeptBody* body;
  std::function<model::Decision()> decide;
};

// Rules with split = "copy" change the message for those alone whom they are for. The others get it as it came, unless
// something else is to be done with it for them, which a copy must not get round: then it is whole, and a finding says
// why. Makes of `decision` the one on the message to those whom the rules are for.
std::optional<Apart> set_apart(const ApartQuestion& question, model::Decision& decision);

// Hands the message over, with these changes of its header that every message gets, before the answer is given. Where
// the mail server does not take it, `decision`, on the message to the others, becomes a deferral. A finding says what
// was done.
void hand_over_apart(const runtime::Services& services, const Reported& about, const Apart& apart,
                     const std::vector<model::HeaderChange>& header_changes, model::Decision& decision);

// What a copy of ours gets on its second way in: the fields of the first one anew, since the mail server looks at those
// that a milter adds alone.
std::vector<model::HeaderChange> changes_of_copy(const std::vector<mail::HeaderField>& header,
                                                 const std::string& tag_header);

}  // namespace connectord::session
