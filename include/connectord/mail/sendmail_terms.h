#pragma once

#include <string>
#include <tl/expected.hpp>

#include "connectord/model/outbound.h"

// What an outbound connector says, in the words of Sendmail's tables (cf/README of its sources). On failure says what
// Sendmail cannot do. Thread-safe.
namespace connectord::mail {

// The value of FEATURE(mailertable) for one domain: "esmtp:[a]:[b]" for smart hosts, tried in order, and
// "esmtp:example.com" for the MX records of that domain. It can name no port.
tl::expected<std::string, std::string> mailer_of(const model::OutboundConnector& connector, const std::string& domain);

// What the ruleset TLS_connection is to require of a connection: "TEMP+VERIFY:112+CN:mx.example.com". Empty: nothing.
// Where a login is wanted too there is no answer, so that mail does not go without it.
tl::expected<std::string, std::string> tls_requirement_of(const model::OutboundConnector& connector);

// What the ruleset tls_clt_features is to return for a host of the connector's: "CertFile=…;KeyFile=…", the certificate
// of ours that it is shown. Empty: what sendmail.cf names for all. Sendmail knows the host there and no recipient, so
// that a connector without smart hosts has none.
std::string client_features_of(const model::OutboundConnector& connector);

}  // namespace connectord::mail
