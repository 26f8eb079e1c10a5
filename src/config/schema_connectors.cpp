#include "table_checks.h"
#include "tables.h"

// The tables of connectors, in the order in which the reference describes them.
namespace connectord::config {
namespace {

using model::Mode;
using model::Requirement;
using model::Scenario;
using model::TlsLevel;
using model::TlsVersion;

constexpr std::array<Choice<TlsVersion>, 4> tls_versions = {{{"TLSv1", TlsVersion::tls1_0},
                                                             {"TLSv1.1", TlsVersion::tls1_1},
                                                             {"TLSv1.2", TlsVersion::tls1_2},
                                                             {"TLSv1.3", TlsVersion::tls1_3}}};
constexpr std::array<Choice<Requirement>, 1> pass = {{{"pass", Requirement::pass}}};
constexpr std::array<Choice<Requirement>, 2> pass_or_aligned = {
    {{"pass", Requirement::pass}, {"aligned", Requirement::aligned}}};

constexpr std::int64_t highest_priority = 1'000'000;

}  // namespace

template <>
const Table& table_for<model::InboundConnector>() {
  using model::InboundConnector;
  static const Table declared{
      {
          key<&InboundConnector::name, ConnectorName>("name", required,
                                                      "Its name, which the tag carries; no two connectors share one."),
          key<&InboundConnector::scenario, Word<model::words<Scenario>>>(
              "scenario", required,
              "`partner` adds restrictions and grants nothing, `on-premises` is a trusted source of ours, `internet` "
              "is all else."),
          key<&InboundConnector::enabled, Boolean>("enabled", by_default("true"), "`false` sets it aside."),
          key<&InboundConnector::mode, Word<model::words<Mode>>>("mode", by_default(R"("enforce")"),
                                                                 "`audit` decides and records, and never refuses."),
          key<&InboundConnector::trusted_path, Boolean>(
              "trusted_path", by_default("false"),
              "Partner restrictions are not asked of mail that this source has taken in."),
          key<&InboundConnector::priority, Integer<0, highest_priority>>(
              "priority", by_default("100"), "Decides between connectors that match equally well, lower first."),
          key<&InboundConnector::comment, Text>("comment", by_default(R"("")"), "For people."),
          table<&InboundConnector::identify>(
              "identify", "What mail must have to be this connector's; any one of these identifies it."),
          table<&InboundConnector::require>("require",
                                            "What mail of this connector must fulfil: all of these, or it is refused."),
          table<&InboundConnector::enhanced_filtering>(
              "enhanced_filtering", "Skip listing: finds who really sent mail that comes through a gateway."),
      },
      checked_by<InboundConnector, check_inbound>(),
  };
  return declared;
}

template <>
const Table& table_for<model::Identify>() {
  using model::Identify;
  static const Table declared{
      {
          key<&Identify::sender_domains, List<Domain, 1>>(
              "sender_domains", otherwise("none"),
              "Domains of MAIL FROM: `example.com` that one, `*.example.com` it and all below it, `*` all."),
          key<&Identify::client_networks, List<Network, 1>>(
              "client_networks", otherwise("none"), "Addresses, CIDR blocks and ranges `first-last`, IPv4 and IPv6."),
          table<&Identify::certificate>("certificate", "The client certificate; every key that is given must match."),
      },
      checked_by<Identify, check_identify>(),
  };
  return declared;
}

template <>
const Table& table_for<model::CertificatePattern>() {
  using model::CertificatePattern;
  static const Table declared{
      {
          key<&CertificatePattern::subject, CertificateSubject>(
              "subject", otherwise("any"),
              "Its common name, `*.example.com` for any below; for Sendmail also the whole name, `/C=DE/…/CN=…`."),
          key<&CertificatePattern::issuer, CertificateIssuer>(
              "issuer", otherwise("any that the mail server trusts"),
              "The common name of the authority that issued it; for Sendmail also its whole name."),
          key<&CertificatePattern::fingerprints, List<CertificateFingerprint, 1>>(
              "fingerprints", otherwise("any"),
              "`sha256:` of the certificate or `spki-sha256:` of its public key, any one of them; needs "
              "`server.policy`."),
      },
      checked_by<CertificatePattern, check_certificate>(),
  };
  return declared;
}

template <>
const Table& table_for<model::Require>() {
  using model::Require;
  static const Table declared{
      {
          key<&Require::tls, Boolean>("tls", by_default("false"), "The message must come over TLS."),
          key<&Require::tls_version, Word<tls_versions>>("tls_version", otherwise("any"),
                                                         "The lowest version that will do."),
          key<&Require::client_networks, List<Network, 1>>("client_networks", otherwise("any"),
                                                           "It must come from one of these."),
          key<&Require::spf, Word<pass>>("spf", otherwise("not asked"), "What SPF must say."),
          key<&Require::dkim, Word<pass_or_aligned>>(
              "dkim", otherwise("not asked"),
              "`pass`: a valid signature; `aligned`: a valid one of the domain in From."),
          key<&Require::dmarc, Word<pass>>("dmarc", otherwise("not asked"), "What DMARC must say."),
          table<&Require::certificate>("certificate",
                                       "What the client certificate must be; every key that is given must hold."),
      },
      checked_by<Require, check_require>(),
  };
  return declared;
}

template <>
const Table& table_for<model::EnhancedFiltering>() {
  using model::EnhancedFiltering;
  static const Table declared{{
      key<&EnhancedFiltering::skip_last, Boolean>("skip_last", by_default("false"),
                                                  "Skip the address that connects to us."),
      key<&EnhancedFiltering::skip_networks, List<Network>>(
          "skip_networks", by_default("[]"), "Skip these addresses, and what Received fields tell of them."),
      key<&EnhancedFiltering::recipients, List<MailAddress>>(
          "recipients", by_default("[]"),
          "A pilot group: only messages whose recipients are all in it; empty for all."),
      key<&EnhancedFiltering::skip_spam_filtering, Boolean>("skip_spam_filtering", by_default("false"),
                                                            "Tell later filters in a header to let the message be."),
  }};
  return declared;
}

template <>
const Table& table_for<model::OutboundConnector>() {
  using model::OutboundConnector;
  static const Table declared{
      {
          key<&OutboundConnector::name, ConnectorName>("name", required,
                                                       "Its name; no two outbound connectors share one."),
          key<&OutboundConnector::scenario, Word<model::words<Scenario>>>(
              "scenario", required, "`partner`, `on-premises` or `internet`; for people."),
          key<&OutboundConnector::enabled, Boolean>("enabled", by_default("true"),
                                                    "`false` stops routing by it at once."),
          key<&OutboundConnector::comment, Text>("comment", by_default(R"("")"), "For people."),
          key<&OutboundConnector::recipient_domains, List<Domain, 1>>(
              "recipient_domains",
              otherwise("all, with `senders`, `sender_domains`, `inbound_connectors` or `rule_scoped`"),
              "The destinations it is for; our own accepted domains only where one of these is as specific."),
          key<&OutboundConnector::senders, List<MailAddress, 1>>(
              "senders", otherwise("any"),
              "Only mail with one of these in MAIL FROM; a destination that another connector names counts before "
              "that."),
          key<&OutboundConnector::sender_domains, List<Domain, 1>>(
              "sender_domains", otherwise("any"),
              "Only mail of senders in these domains; with `senders`, either one will do."),
          key<&OutboundConnector::inbound_connectors, List<ConnectorName, 1>>(
              "inbound_connectors", otherwise("mail of any origin"),
              "Only mail that came in over one of these inbound connectors."),
          key<&OutboundConnector::rule_scoped, Boolean>("rule_scoped", by_default("false"),
                                                        "Only mail that a transport rule sends here."),
          key<&OutboundConnector::split_recipients, Boolean>(
              "split_recipients", by_default("false"),
              "Have the client send recipients that leave by another route in a message of their own."),
          table<&OutboundConnector::route>("route", "Where the mail goes."),
          table<&OutboundConnector::tls>("tls", "How the way there must be protected.",
                                         otherwise("the mail server's own policy")),
      },
      checked_by<OutboundConnector, check_outbound>(),
  };
  return declared;
}

template <>
const Table& table_for<model::Route>() {
  using model::Route;
  static const Table declared{
      {
          key<&Route::smart_hosts, List<SmartHost, 1>>("smart_hosts", otherwise("the domain's MX"),
                                                       "Next hops, tried in order: `[host]:port`, or `domain:port` for "
                                                       "the MX records of that domain; behind `smtps:` "
                                                       "with TLS from the first byte, all of them or none."),
          key<&Route::credentials, FilePath>("credentials", otherwise("none"),
                                             "A file with `user:password`; never in the configuration."),
      },
      checked_by<Route, check_route>(),
  };
  return declared;
}

template <>
const Table& table_for<model::OutboundTls>() {
  using model::OutboundTls;
  static const Table declared{
      {
          key<&OutboundTls::level, Word<model::words<TlsLevel>>>(
              "level", by_default(R"("opportunistic")"),
              "`opportunistic`, `require` TLS, `verify` the certificate, `match` its names too, `sts` (RFC 8461) or "
              "`dane` "
              "(RFC 7672)."),
          key<&OutboundTls::match, List<ServerName, 1>>(
              "match", otherwise("none"), "The names that the certificate may have; `.example.com` for any below."),
          key<&OutboundTls::version, Word<tls_versions>>("version", otherwise("any"),
                                                         "The lowest version that will do."),
          key<&OutboundTls::ca_file, FilePath>(
              "ca_file", otherwise("what the mail server trusts"),
              "The authorities to trust, in PEM; the mail server must be able to read it."),
          key<&OutboundTls::certificate, FilePath>(
              "certificate", otherwise("what the mail server shows"),
              "Our own certificate with its chain, in PEM, which is shown to the other side; needs `key`."),
          key<&OutboundTls::key, FilePath>("key", otherwise("none"), "The private key of `certificate`, in PEM."),
          key<&OutboundTls::dane, Word<model::words<model::DaneUse>>>(
              "dane", otherwise("`opportunistic` with `dane = true` in `[delivery]`, else `none`"),
              "`opportunistic` raises `level` where the destination has TLSA records, `mandatory` has mail wait "
              "elsewhere."),
          key<&OutboundTls::mta_sts, Word<model::words<model::StsUse>>>(
              "mta_sts", otherwise("`opportunistic` with `mta_sts = true` in `[delivery]`, else `none`"),
              "`opportunistic` raises `level` where the destination has an MTA-STS policy that it wants enforced."),
      },
      checked_by<OutboundTls, check_outbound_tls>(),
  };
  return declared;
}

}  // namespace connectord::config
