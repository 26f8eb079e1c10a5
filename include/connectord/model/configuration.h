#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectord/model/connector.h"
#include "connectord/model/outbound.h"
#include "connectord/model/rule.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/endpoint.h"

namespace connectord::model {

struct Server {
  Server();
  Server(const Server&);
  Server(Server&&) noexcept;
  Server& operator=(const Server&);
  Server& operator=(Server&&) noexcept;
  ~Server();

  std::string authserv_id;  // RFC 8601, 2.5
  std::string host_name;    // of this host, from outside the files
  std::optional<net::Endpoint> milter;
  std::optional<net::Endpoint> policy;
  std::optional<net::Endpoint> socketmap;
  std::optional<net::Endpoint> api;
  std::optional<std::vector<net::AddressRange>> inet_clients;  // who may connect to the three over inet:
  std::string api_tokens = "/etc/connectord/tokens";
  std::string api_url;          // "https://mx.example.net:8025", under which people reach it; empty: not known
  std::string api_certificate;  // PEM, with api_key; empty: no TLS
  std::string api_key;
  bool console = true;                     // whether the API's listener has web pages
  std::vector<std::string> console_hosts;  // names by which a browser may reach it, beside authserv_id
  std::string audit_log = "/var/lib/connectord/audit.log";
  std::optional<net::Endpoint> mail_through;  // an address and a port; Configuration::mail_through() counts
  std::string mail_key = "/var/lib/connectord/mail.key";
  std::string history = "/var/lib/connectord/changes.json";
  std::string held_socket = "/run/connectord-held.sock";  // where connectord-held listens
  std::vector<std::string> include;
  std::string user;
  std::string socket_group = "postfix";
  std::uint32_t socket_mode = 0660;
  std::chrono::milliseconds stop_limit{10'000};
};

struct Organization {
  std::vector<net::DomainPattern> accepted_domains;  // those of the file too
  std::string accepted_domains_file;                 // empty for none
  std::string name;                                  // who writes mail of ours; may be empty
  std::string contact;                               // its address; empty for postmaster
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

// ARC sets (RFC 8617) for what rules change of mail from outside.
struct Sealing {
  net::DomainPattern domain;  // d=
  std::string selector;       // normalized
  std::string key_file;
  Location location;
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
  bool enabled = true;  // connectord does it by itself; false: only when somebody asks
  std::chrono::milliseconds every{std::chrono::hours(24)};
  std::string state = "/var/lib/connectord/validation";
  std::vector<net::AddressRange> private_networks;  // in which names of hosts may lie
  std::string mail_to;                              // empty: nobody is notified of changes by mail
  std::optional<net::Endpoint> mail_through;        // where server.mail_through stood before
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

// The DMARC aggregate reports that we send (RFC 9990).
struct Reports {
  bool dmarc = false;
  std::string sender;           // the address in From; its domain's [[signing]] signs the reports
  std::chrono::minutes at{60};  // since midnight, local time
  std::string state = "/var/lib/connectord/reports";
  std::vector<net::DomainPattern> skip;  // domains that get no report from us, by policy domain or by address
  std::size_t max_domains = 10'000;      // of one day: those with the most messages get a report
};

// How mail is protected on its way to destinations that publish what TLS they have: by TLSA records (RFC 7672) and
// MTA-STS policies (RFC 8461). Outbound connectors may say otherwise for theirs.
struct Delivery {
  bool dane = false;
  bool mta_sts = false;
  std::string state = "/var/lib/connectord/sts";
  bool tlsrpt = false;  // Postfix is told what reports of TLS (RFC 8460) need

  bool asks() const { return dane || mta_sts; }
};

// Mail hosts that have their connectors and rules, and their trace, in one PostgreSQL in common.
struct Fleet {
  std::string database;       // its address, without a password
  std::string read_from;      // that of one that is read only; empty: `database`
  std::string password_file;  // empty: none
  std::string name;           // of this host; empty: the host's own
  std::string state = "/var/lib/connectord/fleet";
  std::uint64_t spool_size = std::uint64_t{2} << 30U;  // in bytes
  Location location;

  friend bool operator==(const Fleet& a, const Fleet& b) {
    return a.database == b.database && a.read_from == b.read_from && a.password_file == b.password_file &&
           a.name == b.name && a.state == b.state && a.spool_size == b.spool_size;
  }
};

// The files that a configuration was read from, so that a running one can be compared with what they say now.
struct Sources {
  std::string main;                // the one that was given, which names the others
  std::vector<std::string> files;  // in the order in which they were read
  std::string sha256;              // of their contents in that order, in hexadecimal
};

// One configuration as its files say it, checked key by key.
struct Configuration {
  Configuration();
  Configuration(const Configuration&);
  Configuration(Configuration&&) noexcept;
  Configuration& operator=(const Configuration&);
  Configuration& operator=(Configuration&&) noexcept;
  ~Configuration();

  Sources sources;
  Server server;
  Organization organization;
  Dns dns;
  AuthenticationSettings authentication;
  std::vector<Signing> signing;
  std::optional<Sealing> sealing;
  Tag tag;
  std::optional<Trace> trace;
  Validation validation;
  Delivery delivery;
  Reports reports;
  Log log;
  std::optional<Fleet> fleet;  // std::nullopt: this host is by itself
  std::vector<InboundConnector> inbound;
  std::vector<OutboundConnector> outbound;
  std::vector<Rule> rules;  // in the order of the files

  // Whether mail is written: reports, or what a rule has written, or copied.
  bool writes_mail() const {
    return reports.dmarc || std::any_of(rules.begin(), rules.end(), [](const Rule& rule) {
             const bool writes = std::any_of(rule.actions.begin(), rule.actions.end(),
                                             [](const RuleAction& action) { return action.writes_mail(); });
             return rule.enabled && (writes || rule.split == "copy");
           });
  }

  // Whether mail depends on what a destination publishes about its TLS.
  bool asks_destinations() const {
    return delivery.asks() || std::any_of(outbound.begin(), outbound.end(), [](const OutboundConnector& connector) {
             return connector.enabled && connector.tls && connector.tls->asks_destinations();
           });
  }

  // The server that takes mail which connectord writes.
  net::Endpoint mail_through() const {
    const net::Endpoint own_server{net::Endpoint::Kind::inet, {}, "127.0.0.1", 25};
    return server.mail_through ? *server.mail_through : validation.mail_through.value_or(own_server);
  }
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
