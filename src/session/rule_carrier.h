#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "content_editor.h"
#include "kept_body.h"
#include "rule_changes.h"

namespace connectord::session {

// A message after what rules change of it.
struct CarriedOut {
  std::vector<model::HeaderChange> header_changes;
  std::optional<std::vector<mail::HeaderField>> header;  // where it is another one
  std::shared_ptr<const mime::Bytes> body;               // where it is another one
};

// Carries out what a decision changes of header and body: fields, subject, attachments, disclaimers, in this order.
// What cannot be carried out leaves a finding, and becomes what the rule says for that: nothing, the message wrapped,
// or an answer in the decision that it does not go on. `kept` may be nullptr where the body is not changed.
CarriedOut carry_out(const model::Facts& facts, const std::shared_ptr<const KeptBody>& kept, model::Decision& decision);

}  // namespace connectord::session
