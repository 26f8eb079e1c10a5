#include "connectord/mail/postfix_terms.h"

#include <array>
#include <string_view>
#include <utility>

namespace connectord::mail {
namespace {

std::string_view level_of(model::TlsLevel level) {
  switch (level) {
    case model::TlsLevel::opportunistic:
      return "may";
    case model::TlsLevel::require:
      return "encrypt";
    case model::TlsLevel::verify:
      return "verify";
    case model::TlsLevel::match:
    case model::TlsLevel::sts:
      return "secure";
    case model::TlsLevel::dane:
      return "dane-only";
  }
  return "encrypt";
}

// By exclusion, which Postfix before 3.6 understands too.
std::string versions_without_those_before(model::TlsVersion lowest) {
  using model::TlsVersion;
  constexpr std::array<std::pair<TlsVersion, std::string_view>, 3> later = {
      {{TlsVersion::tls1_0, ":!TLSv1"}, {TlsVersion::tls1_1, ":!TLSv1.1"}, {TlsVersion::tls1_2, ":!TLSv1.2"}}};
  std::string excluded = "!SSLv2:!SSLv3";
  for (const auto& [version, exclusion] : later) {
    if (version < lowest) excluded += exclusion;
  }
  return excluded;
}

}  // namespace

std::string protocols_of(const model::OutboundConnector& connector) {
  if (!connector.tls || connector.tls->version == model::TlsVersion::none) return {};
  return " protocols=" + versions_without_those_before(connector.tls->version);
}

std::string service_of(const model::OutboundConnector& connector) {
  return connector.needs_own_service() ? own_service_prefix + connector.name : "smtp";
}

std::string transport_of(const model::OutboundConnector& connector) {
  std::string text = service_of(connector) + ":";
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    if (&host != &connector.route.smart_hosts.front()) text += ", ";
    text += to_string(host);
  }
  return text;
}

std::optional<std::string> tls_policy_of(const model::OutboundConnector& connector) {
  if (!connector.tls) return connector.has_implicit_tls() ? std::optional<std::string>("encrypt") : std::nullopt;
  const model::OutboundTls& tls = *connector.tls;
  const model::TlsLevel level = tls.lowest_level();
  const bool is_raised = connector.has_implicit_tls() && level == model::TlsLevel::opportunistic;
  std::string text(level_of(is_raised ? model::TlsLevel::require : level));
  for (const std::string& name : tls.match) text += (&name == &tls.match.front() ? " match=" : ":") + name;
  text += protocols_of(connector);
  if (!tls.ca_file.empty()) text += " tafile=" + tls.ca_file;
  return text;
}

}  // namespace connectord::mail
