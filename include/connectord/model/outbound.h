#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/connector.h"

// How mail leaves. Plain values, as those of connector.h.
namespace connectord::model {

// A next hop: a host by itself, or a domain whose MX records are looked up.
struct SmartHost {
  std::string host;  // a normalized name, or an address without brackets
  bool look_up_mx = false;
  std::optional<std::uint16_t> port;  // the transport's own where empty

  friend bool operator==(const SmartHost&, const SmartHost&) = default;
};

// In rising order of what they ask for.
enum class TlsLevel : std::uint8_t {
  opportunistic,  // TLS where the server has it
  require,        // never without
  verify,         // and a certificate of a known authority
  match,          // and one of these names
  dane            // as the domain's TLSA records say (RFC 7672)
};
consteval auto words_of(TlsLevel) {
  return std::to_array<Named<TlsLevel>>({{TlsLevel::opportunistic, "opportunistic"},
                                         {TlsLevel::require, "require"},
                                         {TlsLevel::verify, "verify"},
                                         {TlsLevel::match, "match"},
                                         {TlsLevel::dane, "dane"}});
}

// How the way to a next hop must be protected.
struct OutboundTls {
  TlsLevel level = TlsLevel::opportunistic;
  std::vector<std::string> match;         // normalized names; ".example.com" for any below example.com
  TlsVersion version = TlsVersion::none;  // the lowest that will do
  std::string ca_file;                    // empty: what the mail server trusts
  Location location;
};

// The same protection; where it stands in the configuration does not count.
bool same_protection(const std::optional<OutboundTls>& a, const std::optional<OutboundTls>& b);

struct Route {
  std::vector<SmartHost> smart_hosts;  // in the order to try them; empty: the recipient domain's MX
  std::string credentials;             // a file with user:password; empty for none
  Location location;
};

struct OutboundConnector {
  std::string name;
  Scenario scenario = Scenario::internet;
  bool enabled = true;
  std::string comment;
  std::vector<net::DomainPattern> recipient_domains;  // empty only where the next two limit it: all domains
  std::vector<std::string> inbound_connectors;        // only mail that came in over one of these; empty: of any origin
  bool rule_scoped = false;                           // only mail that a transport rule sends here
  bool split_recipients = false;
  Route route;
  std::optional<OutboundTls> tls;  // empty: the mail server's own policy
  Location location;
};

// Postfix's notation (transport(5)): "[host]:port", "[host]", "domain:port", "domain".
std::string to_string(const SmartHost& host);
std::string_view to_string(TlsLevel level);

}  // namespace connectord::model
