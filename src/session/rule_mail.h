#pragma once

#include <string_view>

#include "connectord/model/configuration.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/runtime/services.h"
#include "kept_body.h"
#include "original_message.h"

namespace connectord::session {

// A message about which rules have mail written.
struct Reported {
  const model::Configuration& configuration;
  const model::Facts& facts;
  const OriginalMessage& original;
  const KeptBody* body = nullptr;  // where a rule asks for it
  std::string_view queue_id{};     // empty where the mail server has not told
};

// What was to go on does not, for now: nothing is changed, signed or held, and the client is to come again.
void defer_instead(model::Decision& decision, model::Reply reply);

// Writes the mail that a decision has rules write, and hands it to the mail server before the answer is given: journal
// reports of what is taken; questions for approval about what is held; notices and incident reports also of what is
// refused; nothing of what is deferred, which comes again. Waits for the mail server as long as one message may. A
// journal report that the server does not take defers the message, unless its rule says otherwise; any other mail that
// it does not take leaves a finding. Where nobody hands mail over (explain), findings say what would be.
void write_mail_of_rules(const runtime::Services& services, const Reported& about, model::Decision& decision);

}  // namespace connectord::session
