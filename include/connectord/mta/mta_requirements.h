#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::mta {

// What the delivery service of Postfix is for that an outbound connector needs for itself.
struct DeliveryNeeds {
  std::string connector;
  std::string service;      // its name in master.cf
  std::string certificate;  // files; empty for none
  std::string key;
  bool implicit_tls = false;
  bool credentials = false;
};

// What a configuration of connectord asks of the mail server.
struct MtaRequirements {
  std::string file;  // the configuration's
  std::optional<net::Endpoint> milter;
  std::optional<net::Endpoint> policy;
  std::optional<net::Endpoint> socketmap;
  bool tls = false;                // a connector requires TLS
  bool certificate_names = false;  // a connector matches subjects or issuers
  bool fingerprints = false;       // a connector matches fingerprints
  bool public_keys_only = false;   // one has no fingerprint of a certificate, only such of public keys
  bool outbound = false;           // there is an outbound connector
  bool credentials = false;        // an outbound connector logs in, by the service that all others have too
  std::vector<DeliveryNeeds> deliveries;
  bool by_sender = false;             // an outbound connector is for certain senders, whatever the destination
  bool sendmail_certificate = false;  // an outbound connector shows its smart hosts a certificate of ours
  bool dane = false;                  // an outbound connector, or [delivery], goes by TLSA records
  bool asks_destinations = false;     // what destinations publish about their TLS counts
  bool tlsrpt = false;                // TLS policies have what Postfix's reports of TLS need
  bool mail_log = false;              // what becomes of mail is read from the mail server's log
  bool outbound_everywhere = false;   // an outbound connector takes mail for "*"
  std::vector<net::DomainPattern> accepted_domains;
  std::string accepted_domains_file;               // from which some of them come; empty for none
  std::vector<net::AddressRange> client_networks;  // by which connectors know clients
  std::vector<std::string> beyond_sendmail;        // what connectors say that Sendmail cannot do, a sentence each

  // A connector looks at clients' certificates.
  bool certificates() const { return certificate_names || fingerprints; }
};

MtaRequirements mta_requirements_of(const std::string& file, const model::Configuration& configuration);

}  // namespace connectord::mta
