#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connectord/auth/dkim_private_key.h"
#include "connectord/net/ip_address.h"
#include "connectord/probe/validate.h"

// What a domain publishes in DNS about its mail, and how others take it.
namespace connectord::probe {

// A selector to look at (RFC 6376, 3.1).
struct KnownSelector {
  std::string domain;  // d=
  std::string selector;
  std::optional<auth::DkimPrivateKey> key{};  // ours, by which we sign; empty: not known
  std::string unknown_because{};              // why it is not known, where it should be
};

struct DomainOptions {
  std::string domain;                                 // normalized
  std::vector<KnownSelector> selectors{};             // empty: DKIM is not looked at, as DNS cannot list selectors
  std::vector<net::IpAddress> senders{};              // from where its mail leaves; empty: not known
  bool ours = false;                                  // it is one of our own domains
  std::string host_name{};                            // of those, as they say in EHLO
  bool connect = true;                                // to its mail exchangers, and to the host of its MTA-STS policy
  std::vector<net::AddressRange> private_networks{};  // in which its hosts may lie
  bool propose = true;                                // what is not published and should be
};

// A line of a zone file that is missing, or should be another one.
struct Publication {
  std::string line;
  std::string reason;
};

struct DomainReport {
  Report report;  // its connector is the domain
  std::vector<Publication> publish;
};

// Looks at SPF, DKIM, DMARC, MX and the TLS of its hosts, DANE, MTA-STS, TLSRPT and reverse names, and judges them. A
// finding that fails is one that keeps mail from being accepted, or lets others send in the domain's name; a warning is
// what should be better. Blocks as validate_outbound does.
DomainReport check_domain(const DomainOptions& options, const Services& services);

// The part of it about TLS of mail that comes: MX and the TLS of its hosts, DANE, MTA-STS, TLSRPT.
Report check_incoming_tls(const DomainOptions& options, const Services& services);

nlohmann::ordered_json to_json(const DomainReport& report);

}  // namespace connectord::probe
