#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/model/facts.h"
#include "connectord/probe/smtp_reply.h"
#include "recorder.h"

namespace connectord::probe {

// Who opens a session to our server.
struct Visitor {
  net::IpAddress address;
  std::string helo;
  std::string sender;
  std::string recipient;
  std::optional<model::Tls> tls;
  model::ClientCertificate certificate;  // as the mail server would tell of it, if it trusts it
  bool at_sendmail = false;              // whose word for certificates and refusals differs from Postfix's
};

// A certificate as Sendmail, or Postfix with its policy service, tells of one that it trusts. On failure says why the
// file cannot be read.
tl::expected<model::ClientCertificate, std::string> read_identity(const Identity& identity, bool for_sendmail);
std::string describe(const model::ClientCertificate& certificate);

// Tells the findings with which this configuration decides about the visitor, and whether our server's reply to RCPT is
// the one that they foretell.
void compare(const engine::Policy& policy, const model::InboundConnector& connector, const Visitor& visitor,
             const SmtpReply& reply, Recorder& recorder);

}  // namespace connectord::probe
