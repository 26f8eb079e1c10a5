#pragma once

#include <string>
#include <tl/expected.hpp>

#include "connectord/model/facts.h"
#include "connectord/simulate/predict.h"
#include "connectord/smtp/smtp_reply.h"
#include "step_log.h"

namespace connectord::probe {

// A certificate as Sendmail, or Postfix with its policy service, passes one that it trusts. On failure says why the
// file cannot be read.
tl::expected<model::ClientCertificate, std::string> read_identity(const smtp::Identity& identity, bool for_sendmail);
std::string describe(const model::ClientCertificate& certificate);

// Reports the findings with which this configuration decides about the client, and whether our server's reply to RCPT
// is the one that they predict.
void compare(const engine::Policy& policy, const model::InboundConnector& connector,
             const simulate::SimulatedClient& client, const smtp::SmtpReply& reply, StepLog& steps);

}  // namespace connectord::probe
