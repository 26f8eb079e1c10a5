#pragma once

#include "certificate_checks.h"
#include "connectord/probe/smtp_reply.h"

namespace connectord::probe {

// One host of an outbound connector: connects to each of its addresses, and says what the mail server would say, up
// to RCPT and without DATA.
void check_host(const OutboundPlan& plan, const Target& target, Recorder& recorder);

// What a refusal by a server means: a finding's outcome, obstacle and hint.
struct Refusal {
  model::Outcome outcome = model::Outcome::fail;
  Obstacle obstacle = Obstacle::rejected;
  std::string hint;
};
Refusal refusal_of(const SmtpReply& reply);

}  // namespace connectord::probe
