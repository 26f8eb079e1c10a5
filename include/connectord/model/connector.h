#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/words.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"

// Plain values that say what a configuration asks for. Thread-safe as any value is: share them const.
namespace connectord::model {

// Where something stands in the configuration, so that an error found later can still point at it.
struct Location {
  std::shared_ptr<const std::string> file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// What a connector's source is to us. A partner's connector adds restrictions and grants nothing.
enum class Scenario : std::uint8_t { partner, on_premises, internet };
consteval auto words_of(Scenario) {
  return std::to_array<Named<Scenario>>(
      {{Scenario::partner, "partner"}, {Scenario::on_premises, "on-premises"}, {Scenario::internet, "internet"}});
}

// audit: decide and record, never refuse.
enum class Mode : std::uint8_t { enforce, audit };
consteval auto words_of(Mode) {
  return std::to_array<Named<Mode>>({{Mode::enforce, "enforce"}, {Mode::audit, "audit"}});
}

// In rising order, so that versions compare. `none` is a session without TLS.
enum class TlsVersion : std::uint8_t { none, ssl3, tls1_0, tls1_1, tls1_2, tls1_3 };
consteval auto words_of(TlsVersion) {
  return std::to_array<Named<TlsVersion>>({{TlsVersion::none, "none"},
                                           {TlsVersion::ssl3, "SSLv3"},
                                           {TlsVersion::tls1_0, "TLSv1"},
                                           {TlsVersion::tls1_1, "TLSv1.1"},
                                           {TlsVersion::tls1_2, "TLSv1.2"},
                                           {TlsVersion::tls1_3, "TLSv1.3"}});
}

// The name of a certificate's subject: a pattern for its common name, or a whole distinguished name in the form that
// Sendmail hands over ("/C=DE/O=Contoso/CN=mail.contoso.com").
struct SubjectPattern {
  std::optional<net::DomainPattern> common_name;  // set where the text is a name or "*.name"
  std::string text;                               // as written; compared as a whole otherwise

  friend bool operator==(const SubjectPattern&, const SubjectPattern&) = default;
};

// SHA-256 of a certificate or of its public key (DER SubjectPublicKeyInfo, RFC 7469 2.4).
struct Fingerprint {
  enum class Of : std::uint8_t { certificate, public_key };

  Of of = Of::certificate;
  std::string hex;  // 64 lower-case hexadecimal digits

  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

// What a client certificate must be. Every part that is given must hold; of the fingerprints, any one.
struct CertificatePattern {
  std::optional<SubjectPattern> subject;
  std::optional<std::string> issuer;
  std::vector<Fingerprint> fingerprints;
  Location location;
};

// Attributes mail to a connector; any one of them does.
struct Identify {
  std::vector<net::DomainPattern> sender_domains;
  std::vector<net::AddressRange> client_networks;
  std::optional<CertificatePattern> certificate;
};

// What an authentication result must be.
enum class Requirement : std::uint8_t { none, pass, aligned };

// What must hold for mail of a connector; all of them do.
struct Require {
  bool tls = false;
  TlsVersion tls_version = TlsVersion::none;  // the lowest that will do
  std::optional<CertificatePattern> certificate;
  std::vector<net::AddressRange> client_networks;
  Requirement spf = Requirement::none;
  Requirement dkim = Requirement::none;
  Requirement dmarc = Requirement::none;
};

// Skip listing: finds the original client behind gateways.
struct EnhancedFiltering {
  bool skip_last = false;
  std::vector<net::AddressRange> skip_networks;
  std::vector<std::string> recipients;  // a pilot group; empty for all
  bool skip_spam_filtering = false;
};

struct InboundConnector {
  InboundConnector();
  InboundConnector(const InboundConnector&);
  InboundConnector(InboundConnector&&) noexcept;
  InboundConnector& operator=(const InboundConnector&);
  InboundConnector& operator=(InboundConnector&&) noexcept;
  ~InboundConnector();

  static constexpr int default_priority = 100;

  std::string name;
  Scenario scenario = Scenario::internet;
  bool enabled = true;
  Mode mode = Mode::enforce;
  bool trusted_path = false;
  int priority = default_priority;  // lower first
  std::string comment;
  Identify identify;
  Require require;
  std::optional<EnhancedFiltering> enhanced_filtering;
  Location location;
};

// The words of the configuration for these values.
std::string_view to_string(Scenario scenario);
std::string_view to_string(Mode mode);
// As protocols have it: "TLSv1.2". "none" for no TLS.
std::string_view to_string(TlsVersion version);
// Takes the names that Postfix, Sendmail and OpenSSL use; std::nullopt for others.
std::optional<TlsVersion> parse_tls_version(std::string_view text);
// "sha256:…" or "spki-sha256:…".
std::string to_string(const Fingerprint& fingerprint);
std::string to_string(const CertificatePattern& pattern);
// "file:line:column", as compilers write it.
std::string to_string(const Location& location);

}  // namespace connectord::model
