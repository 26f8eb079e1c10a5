#pragma once

#include <optional>
#include <string>

#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"
#include "connectord/model/facts.h"
#include "connectord/session/session.h"

namespace connectord::simulate {

// Who opens a session to our server.
struct SimulatedClient {
  net::IpAddress address;
  std::string helo;
  std::string sender;
  std::string recipient;
  std::optional<model::Tls> tls;
  model::ClientCertificate certificate;  // as the mail server would pass it, if it trusts it
  bool at_sendmail = false;              // whose word for certificates and refusals differs from Postfix's
};

// What such a session would come to at RCPT.
struct Prediction {
  session::Answer answer;
  model::Decision decision;
};

// Plays the client's session up to RCPT by that policy, with what the mail server may say of the certificate. Nothing
// is logged or counted. Waits for DNS as long as [dns] allows.
Prediction predict(const engine::Policy& policy, const SimulatedClient& client,
                   const model::ClientCertificate& certificate, dns::Resolver& resolver);

}  // namespace connectord::simulate
