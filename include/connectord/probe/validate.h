#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/base/time.h"
#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"
#include "connectord/mta/client_trust.h"
#include "connectord/outbox/key.h"
#include "connectord/probe/report.h"
#include "connectord/smtp/network.h"
#include "connectord/trace/search.h"

// Tries whether mail of a connector flows, and reports what is in its way. No mail is sent unless that is asked for.
namespace connectord::probe {

// How long is waited at the most. What a host takes longer for counts as not answered.
struct Limits {
  std::chrono::milliseconds connect{15'000};
  std::chrono::milliseconds greeting{30'000};
  std::chrono::milliseconds reply{30'000};  // to a command, and for a handshake of TLS
  std::chrono::milliseconds whole{300'000};
};

// What a validation works with. The referred to must outlive it.
struct Services {
  dns::Resolver& resolver;
  smtp::Network& network;
  // A file with user:password. On failure says what is wrong with it.
  std::function<tl::expected<std::string, std::string>(const std::string& path)> read_credentials;
  Progress progress{};  // may be empty
  Limits limits{};
  std::function<smtp::Deadline()> clock = [] { return std::chrono::steady_clock::now(); };
  std::function<std::int64_t()> unix_time = [] { return base::unix_time(); };
  trace::Archive* archive = nullptr;  // the message trace; nullptr: there is none
  // What the mail server trusts where a connector names no ca_file; empty: what the system trusts.
  std::optional<mta::ClientTrust> trust{};
  // By which our own connectord knows that it is we who try it; nullptr: it takes us for a stranger.
  const outbox::Key* mail_key = nullptr;
  // Between two looks into the trace; false: it is not to be waited any longer.
  std::function<bool(std::chrono::milliseconds)> pause{};
};

struct OutboundOptions {
  std::string recipient{};  // an address to give in RCPT TO; empty: none is given
  std::string sender{};     // in MAIL FROM; empty: the null sender
  bool ours = false;        // the hosts are our own, so nobody else is to be asked to mend anything
  bool revocation = false;  // ask whether the certificate was revoked
  std::string lists{};      // lists of revoked certificates in PEM; empty: stapled OCSP answers only
  // Sends a test message to the recipient by our own mail server, and follows it in the message trace.
  bool send = false;
  std::chrono::seconds timeout{60};  // how long its delivery is waited for
};

struct InboundOptions {
  std::string host;  // a name or address of this machine; empty: only the checklist
  std::uint16_t port = 0;
  std::optional<net::IpAddress> source{};    // where to connect from; std::nullopt: the system's choice
  std::optional<smtp::Identity> identity{};  // the certificate to show
  std::string sender;                        // in MAIL FROM; empty: one of the connector's domains
  std::string recipient;                     // empty: postmaster@ the first accepted domain
  std::chrono::hours history{24 * 7};        // how far back the message trace is searched
};

// Does what the mail server would do for the outbound connector of that name, disabled or not, up to RCPT: resolves,
// connects to every host, checks TLS, certificates, DANE and MTA-STS, shows the credentials. It reaches only hosts that
// the connector or DNS names, and private addresses only where the connector names them, or
// validation.private_networks. Then sends a test message, if the options say so and nothing before has failed that a
// message would fail at too. Blocks, for Limits::whole and one step at the most. Nothing is kept.
// std::nullopt: there is no such connector.
std::optional<Report> validate_outbound(const engine::Policy& policy, std::string_view name,
                                        const OutboundOptions& options, const Services& services);

// Reports what a message must look like to pass the inbound connector of that name, what became of recent mail in the
// message trace that is its or might be, and with a host opens a session to it as the partner would, up to RCPT. Only
// addresses of this machine are reached.
std::optional<Report> validate_inbound(const engine::Policy& policy, std::string_view name,
                                       const InboundOptions& options, const Services& services);

}  // namespace connectord::probe
