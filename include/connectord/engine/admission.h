#pragma once

#include <cstdint>

#include "connectord/engine/policy.h"
#include "connectord/net/ip_address.h"

namespace connectord::engine {

// The services that a mail server uses. The API is none of them: it asks for tokens.
enum class Service : std::uint8_t { milter, policy, socketmap };

// True if this client may use a listener of inet: of that service: the networks of server.inet_clients may, and the
// loopback interface. But where whoever connects is believed what others would have to prove (fingerprints of client
// certificates over the policy service, mail of ours to be signed over the milter) the loopback is every user of this
// machine, and may only if inet_clients names it. Thread-safe.
bool may_connect(const Policy& policy, Service service, const net::IpAddress& client);

// True if what policy requests say of a connection's TLS and certificate can be believed of a message that the milter
// sees too: they come over a unix socket, or from clients that the configuration names. Thread-safe.
bool believes_policy_requests(const Policy& policy);

}  // namespace connectord::engine
