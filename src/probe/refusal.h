#pragma once

#include <string>

#include "connectord/probe/report.h"
#include "connectord/smtp/smtp_reply.h"

namespace connectord::probe {

// What a refusal by a server means: a finding's outcome, obstacle and hint.
struct Refusal {
  model::Outcome outcome = model::Outcome::fail;
  Obstacle obstacle = Obstacle::rejected;
  std::string hint;
};
Refusal refusal_of(const smtp::SmtpReply& reply);

}  // namespace connectord::probe
