#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectord/model/connector.h"
#include "connectord/model/outbound.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/endpoint.h"

namespace connectord::model {

struct Server {
  std::string authserv_id;  // RFC 8601, 2.5
  std::string host_name;    // of this host, from outside the files
  std::optional<net::Endpoint> milter;
  std::optional<net::Endpoint> policy;
  std::optional<net::Endpoint> socketmap;
  std::optional<net::Endpoint> api;
  std::optional<std::vector<net::AddressRange>> inet_clients;  // who may connect to the three over inet:
  std::string api_tokens = "/etc/connectord/tokens";
  std::string api_certificate;  // PEM, with api_key; empty: no TLS
  std::string api_key;
  std::string audit_log = "/var/lib/connectord/audit.log";
  std::vector<std::string> include;
  std::string user;
  std::string socket_group = "postfix";
  std::uint32_t socket_mode = 0660;
  std::chrono::milliseconds stop_limit{10'000};
};

struct Organization {
  std::vector<net::DomainPattern> accepted_domains;  // those of the file too
  std::string accepted_domains_file;                 // empty for none
  Location location;
  bool reject_direct_send = false;
};

struct Dns {
  std::vector<net::Endpoint> servers;  // addresses and ports; empty: the system's
  std::chrono::milliseconds timeout{5'000};
  std::chrono::milliseconds budget{20'000};
  friend bool operator==(const Dns&, const Dns&) = default;
};

enum class DmarcMode : std::uint8_t { enforce, report, off };
enum class SpfEngine : std::uint8_t { native, libspf2 };
enum class Quarantine : std::uint8_t { hold, header };

struct AuthenticationSettings {
  bool spf = true;
  bool dkim = true;
  DmarcMode dmarc = DmarcMode::enforce;
  bool arc = false;
  SpfEngine spf_engine = SpfEngine::native;
  Quarantine quarantine = Quarantine::hold;
  bool received_spf = false;
  bool trust_body_length = false;
  std::vector<net::DomainPattern> arc_trusted_sealers;

  bool checks_anything() const { return spf || dkim || arc || dmarc != DmarcMode::off; }
  // DMARC cannot do without signatures.
  bool verifies_signatures() const { return dkim || dmarc != DmarcMode::off; }
};

struct Tag {
  std::string header = "X-Connector";
};

// A DKIM signature for mail of ours (RFC 6376).
struct Signing {
  net::DomainPattern domain;  // of From; its name is d=
  std::string selector;       // normalized
  std::string key_file;
  std::vector<std::string> headers;  // to be signed; empty for the usual ones
  Location location;
  bool forwarded = false;  // also what the sendmail command hands in with a Received field already
};

enum class LogTarget : std::uint8_t { automatic, standard_error, syslog, journal };
enum class LogFormat : std::uint8_t { text, json };

struct Log {
  LogTarget target = LogTarget::automatic;
  LogFormat format = LogFormat::text;
  friend bool operator==(const Log&, const Log&) = default;
};

// How connectors are tried whether mail flows.
struct Validation {
  std::optional<std::chrono::milliseconds> every;  // empty: only when somebody asks
  std::string state = "/var/lib/connectord/validation";
  std::vector<net::AddressRange> private_networks;  // in which names of hosts may lie
  std::string mail_to;                              // empty: nobody is told of changes by mail
  net::Endpoint mail_through{net::Endpoint::Kind::inet, {}, "127.0.0.1", 25};
};

// What becomes of a message whose trace cannot be written.
enum class OnTraceFailure : std::uint8_t { defer, accept };

struct Trace {
  std::string store;  // "sqlite:/path"
  std::chrono::milliseconds keep{std::chrono::hours(24 * 90)};
  OnTraceFailure on_failure = OnTraceFailure::defer;
  bool subject = false;
  std::string mail_log;  // an absolute path, or "journal"; empty: deliveries are not recorded

  // The file of a store of SQLite.
  std::string file() const { return store.substr(store.find(':') + 1); }
};

// One configuration as its files say it, checked key by key.
struct Configuration {
  Server server;
  Organization organization;
  Dns dns;
  AuthenticationSettings authentication;
  std::vector<Signing> signing;
  Tag tag;
  std::optional<Trace> trace;
  Validation validation;
  Log log;
  std::vector<InboundConnector> inbound;
  std::vector<OutboundConnector> outbound;
};

// One thing that is wrong with a configuration, in words for the person who wrote it.
struct Problem {
  enum class Severity : std::uint8_t { error, warning };

  Location location;
  std::string key;      // dotted, "inbound.require.tls_version"; empty where no key is meant
  std::string message;  // what was found, and what to write instead
  Severity severity = Severity::error;
};

// "file:line:column: error: key: message"
std::string to_string(const Problem& problem);

}  // namespace connectord::model
