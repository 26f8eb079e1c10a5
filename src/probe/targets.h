#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectord/model/outbound.h"
#include "connectord/sts/tlsa.h"
#include "step_log.h"

namespace connectord::probe {

// A host that mail of a connector may go to.
struct Target {
  std::string name;  // empty where the connector names an address
  std::uint16_t port = 25;
  std::vector<net::IpAddress> addresses;
  std::string domain;                  // whose MX record names it; empty where the connector names the host itself
  bool authenticated = false;          // DNS vouches for all that led here (RFC 4035)
  bool name_is_authenticated = false;  // for the name at least, and not for its addresses
  bool implicit_tls = false;           // TLS from the first byte
};

inline constexpr std::size_t max_targets = 10;
inline constexpr std::size_t max_addresses = 4;  // of one host
inline constexpr std::size_t max_domains = 5;    // whose MX records are looked up

// The same for who looks for its TLSA records.
sts::MailHost mail_host(const Target& target);

// "mx1.contoso.com:25", "[192.0.2.1]:25"
std::string to_string(const Target& target);
std::string to_string(const Target& target, const net::IpAddress& address);

// The domains whose MX records say where mail of this connector goes; empty where its smart hosts do.
std::vector<std::string> mx_domains(const model::OutboundConnector& connector, const std::string& recipient_domain);

// The hosts in the order in which a mail server tries them, without those that cannot be resolved or must not be
// reached: of these, the steps has a finding that fails.
std::vector<Target> find_targets(const engine::Policy& policy, const model::OutboundConnector& connector,
                                 const std::string& recipient_domain, StepLog& steps);

}  // namespace connectord::probe
