#pragma once

#include <string>
#include <tl/expected.hpp>

#include "connectord/model/facts.h"
#include "connectord/simulate/foretell.h"
#include "connectord/smtp/smtp_reply.h"
#include "recorder.h"

namespace connectord::probe {

// A certificate as Sendmail, or Postfix with its policy service, tells of one that it trusts. On failure says why the
// file cannot be read.
tl::expected<model::ClientCertificate, std::string> read_identity(const smtp::Identity& identity, bool for_sendmail);
std::string describe(const model::ClientCertificate& certificate);

// Tells the findings with which this configuration decides about the visitor, and whether our server's reply to RCPT is
// the one that they foretell.
void compare(const engine::Policy& policy, const model::InboundConnector& connector, const simulate::Visitor& visitor,
             const smtp::SmtpReply& reply, Recorder& recorder);

}  // namespace connectord::probe
