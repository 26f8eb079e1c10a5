#include "connectord/mail/sendmail_terms.h"

#include <utility>

namespace connectord::mail {
namespace {

constexpr std::uint16_t smtp_port = 25;

tl::unexpected<std::string> cannot(const model::OutboundConnector& connector, const std::string& what) {
  return tl::unexpected("connector " + connector.name + ": Sendmail cannot " + what);
}

// Its own notation for addresses: "[IPv6:2001:db8::1]".
std::string host_of(const model::SmartHost& host) {
  if (host.look_up_mx) return host.host;
  return host.host.find(':') == std::string::npos ? "[" + host.host + "]" : "[IPv6:" + host.host + "]";
}

}  // namespace

tl::expected<std::string, std::string> mailer_of(const model::OutboundConnector& connector, const std::string& domain) {
  if (connector.route.smart_hosts.empty()) return "esmtp:" + domain;
  if (connector.has_implicit_tls()) return cannot(connector, "begin with TLS, without STARTTLS");
  std::string text = "esmtp";
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    if (host.port.value_or(smtp_port) != smtp_port) {
      return cannot(connector, "be told of another port than 25: " + to_string(host));
    }
    text += ":" + host_of(host);
  }
  return text;
}

tl::expected<std::string, std::string> tls_requirement_of(const model::OutboundConnector& connector) {
  if (!connector.route.credentials.empty()) return cannot(connector, "be told of a password for one server");
  const bool by_mx = connector.route.smart_hosts.empty();
  if (by_mx && connector.tls && !connector.tls->certificate.empty()) {
    return cannot(connector, "show a certificate to the hosts of MX records alone");
  }
  if (!connector.tls || connector.tls->lowest_level() == model::TlsLevel::opportunistic) return std::string();
  const model::OutboundTls& tls = *connector.tls;
  if (tls.version != model::TlsVersion::none) return cannot(connector, "ask for a TLS version of one server");
  if (!tls.ca_file.empty()) return cannot(connector, "trust other authorities for one server");
  // In bits; without "TEMP" it depends on TLS_PERM_ERR whether mail waits or comes back.
  const std::string encrypted = "TEMP+ENCR:112";
  const std::string verified = "TEMP+VERIFY:112";
  switch (tls.lowest_level()) {
    case model::TlsLevel::opportunistic:
    case model::TlsLevel::require:
      return encrypted;
    case model::TlsLevel::verify:
      return verified;
    case model::TlsLevel::match:
      if (tls.match.size() == 1 && !tls.match.front().starts_with('.')) return verified + "+CN:" + tls.match.front();
      return cannot(connector, "compare a certificate with more than one whole name");
    case model::TlsLevel::sts:
      return cannot(connector, "follow MTA-STS");
    case model::TlsLevel::dane:
      return cannot(connector, "be made to insist on DANE for one server");
  }
  return cannot(connector, "do what level asks for");
}

std::string client_features_of(const model::OutboundConnector& connector) {
  if (!connector.tls || connector.tls->certificate.empty() || connector.route.smart_hosts.empty()) return {};
  return "CertFile=" + connector.tls->certificate + ";KeyFile=" + connector.tls->key;
}

}  // namespace connectord::mail
