#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::mta {

// What a configuration of connectord asks of the mail server.
struct Wanted {
  std::string file;  // the configuration's
  std::optional<net::Endpoint> milter;
  std::optional<net::Endpoint> policy;
  std::optional<net::Endpoint> socketmap;
  bool tls = false;                  // a connector requires TLS
  bool certificate_names = false;    // a connector matches subjects or issuers
  bool fingerprints = false;         // a connector matches fingerprints
  bool public_keys_only = false;     // one has no fingerprint of a certificate, only such of public keys
  bool outbound = false;             // there is an outbound connector
  bool credentials = false;          // an outbound connector logs in
  bool dane = false;                 // an outbound connector has level dane
  bool outbound_everywhere = false;  // an outbound connector takes mail for "*"
  std::vector<net::DomainPattern> accepted_domains;
  std::string accepted_domains_file;               // from which some of them come; empty for none
  std::vector<net::AddressRange> client_networks;  // by which connectors know clients
  std::vector<std::string> beyond_sendmail;        // what connectors say that Sendmail cannot do, a sentence each

  // A connector looks at clients' certificates.
  bool certificates() const { return certificate_names || fingerprints; }
};

Wanted wanted_by(const std::string& file, const model::Configuration& configuration);

}  // namespace connectord::mta
