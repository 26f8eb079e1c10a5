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
  bool implicit_tls = false;          // TLS from the first byte (RFC 8314, 3.3), not by STARTTLS

  friend bool operator==(const SmartHost&, const SmartHost&) = default;
};

// In rising order of what they ask for.
enum class TlsLevel : std::uint8_t {
  opportunistic,  // TLS where the server has it
  require,        // never without
  verify,         // and a certificate of a known authority
  match,          // and one of these names
  sts,            // as the domain's MTA-STS policy says (RFC 8461)
  dane            // as the domain's TLSA records say (RFC 7672)
};
consteval auto words_of(TlsLevel) {
  return std::to_array<Named<TlsLevel>>({{TlsLevel::opportunistic, "opportunistic"},
                                         {TlsLevel::require, "require"},
                                         {TlsLevel::verify, "verify"},
                                         {TlsLevel::match, "match"},
                                         {TlsLevel::sts, "sts"},
                                         {TlsLevel::dane, "dane"}});
}

// Whether what a destination publishes about itself raises the level. Mandatory: mail waits where it has nothing.
enum class DaneUse : std::uint8_t { none, opportunistic, mandatory };
consteval auto words_of(DaneUse) {
  return std::to_array<Named<DaneUse>>(
      {{DaneUse::none, "none"}, {DaneUse::opportunistic, "opportunistic"}, {DaneUse::mandatory, "mandatory"}});
}
enum class StsUse : std::uint8_t { none, opportunistic };
consteval auto words_of(StsUse) {
  return std::to_array<Named<StsUse>>({{StsUse::none, "none"}, {StsUse::opportunistic, "opportunistic"}});
}

// How the way to a next hop must be protected.
struct OutboundTls {
  TlsLevel level = TlsLevel::opportunistic;
  std::vector<std::string> match;         // normalized names; ".example.com" for any below example.com
  TlsVersion version = TlsVersion::none;  // the lowest that will do
  std::string ca_file;                    // empty: what the mail server trusts
  std::string certificate;                // PEM of ours with its chain, to be shown; empty: none
  std::string key;                        // of that certificate
  std::optional<DaneUse> dane{};          // empty: as [delivery] says
  std::optional<StsUse> mta_sts{};        // empty: as [delivery] says
  Location location{};

  // Whether what the destination publishes counts, by what is written here.
  bool asks_destinations() const {
    return level == TlsLevel::sts || dane == DaneUse::opportunistic || mta_sts == StsUse::opportunistic;
  }
  // What is asked for whatever the destination publishes.
  TlsLevel lowest_level() const { return dane == DaneUse::mandatory ? TlsLevel::dane : level; }
};

// The same protection and the same certificate of ours; where it stands in the configuration does not count.
bool same_protection(const std::optional<OutboundTls>& a, const std::optional<OutboundTls>& b);

struct Route {
  std::vector<SmartHost> smart_hosts;  // in the order to try them; empty: the recipient domain's MX
  std::string credentials;             // a file with user:password; empty for none
  Location location;
};

struct OutboundConnector {
  OutboundConnector();
  OutboundConnector(const OutboundConnector&);
  OutboundConnector(OutboundConnector&&) noexcept;
  OutboundConnector& operator=(const OutboundConnector&);
  OutboundConnector& operator=(OutboundConnector&&) noexcept;
  ~OutboundConnector();

  std::string name;
  Scenario scenario = Scenario::internet;
  bool enabled = true;
  std::string comment;
  std::vector<net::DomainPattern> recipient_domains;  // empty only where something below limits it: all domains
  std::vector<std::string> senders;                   // only mail of these; with sender_domains, either one will do
  std::vector<net::DomainPattern> sender_domains;     // of MAIL FROM; both empty: of any sender
  std::vector<std::string> inbound_connectors;        // only mail that came in over one of these; empty: of any origin
  bool rule_scoped = false;                           // only mail that a transport rule sends here
  bool split_recipients = false;
  Route route;
  std::optional<OutboundTls> tls;  // empty: the mail server's own policy
  Location location;

  bool is_by_sender() const { return !senders.empty() || !sender_domains.empty(); }
  // Whatever the destination of its mail is.
  bool is_for_all_domains() const;
  // Its mail leaves by the sender alone.
  bool is_by_sender_alone() const { return is_by_sender() && is_for_all_domains(); }
  // Only an MTA that knows more than the recipient can choose it.
  bool is_scoped() const { return rule_scoped || !inbound_connectors.empty() || is_by_sender(); }
  // It asks for what Postfix has by delivery service only, and not by next hop: a certificate of ours, TLS from the
  // first byte, or a password that others who reach the same host do not have.
  bool needs_own_service() const;
  // Its smart hosts want TLS from the first byte: all of them, or none.
  bool has_implicit_tls() const;
};

// Postfix's notation (transport(5)): "[host]:port", "[host]", "domain:port", "domain".
std::string to_string(const SmartHost& host);
// As the configuration has it: the same, behind "smtps:" where TLS is implicit.
std::string configured_text(const SmartHost& host);
std::string_view to_string(TlsLevel level);

}  // namespace connectord::model
