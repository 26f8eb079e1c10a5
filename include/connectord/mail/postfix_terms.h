#pragma once

#include <optional>
#include <string>

#include "connectord/model/outbound.h"

// What an outbound connector says, in the words of Postfix's tables. Thread-safe.
namespace connectord::mail {

// The delivery service (master(5)) by which a connector's mail leaves: "smtp", or one of its own, "connectord-NAME".
std::string service_of(const model::OutboundConnector& connector);
inline constexpr const char* own_service_prefix = "connectord-";

// The result of transport(5): "smtp:[a]:25, [b]:25" for smart hosts, tried in order (Postfix 3.5 and later), and
// "smtp:" for the MX records of the recipient's domain, past any relayhost.
std::string transport_of(const model::OutboundConnector& connector);

// The result of smtp_tls_policy_maps (postconf(5)): "secure match=a:b protocols=!SSLv2:!SSLv3 tafile=FILE".
// std::nullopt: the connector leaves it to the mail server's own policy. With implicit TLS at least "encrypt", without
// which Postfix does not take such a service (postconf(5), smtp_tls_wrappermode).
std::optional<std::string> tls_policy_of(const model::OutboundConnector& connector);

// The attribute of such a policy that says which versions will do, with a space before it; empty for any.
std::string protocols_of(const model::OutboundConnector& connector);

}  // namespace connectord::mail
