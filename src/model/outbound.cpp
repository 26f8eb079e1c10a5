#include "connectord/model/outbound.h"

#include <algorithm>

namespace connectord::model {

OutboundConnector::OutboundConnector() = default;
OutboundConnector::OutboundConnector(const OutboundConnector&) = default;
OutboundConnector::OutboundConnector(OutboundConnector&&) noexcept = default;
OutboundConnector& OutboundConnector::operator=(const OutboundConnector&) = default;
OutboundConnector& OutboundConnector::operator=(OutboundConnector&&) noexcept = default;
OutboundConnector::~OutboundConnector() = default;

bool OutboundConnector::is_for_all_domains() const {
  return recipient_domains.empty() ||
         std::all_of(recipient_domains.begin(), recipient_domains.end(),
                     [](const net::DomainPattern& pattern) { return pattern.kind() == net::DomainPattern::Kind::any; });
}

bool OutboundConnector::has_implicit_tls() const {
  return std::any_of(route.smart_hosts.begin(), route.smart_hosts.end(),
                     [](const SmartHost& host) { return host.implicit_tls; });
}

bool OutboundConnector::needs_own_service() const {
  return has_implicit_tls() || (tls && !tls->certificate.empty()) || (is_by_sender() && !route.credentials.empty());
}

bool same_protection(const std::optional<OutboundTls>& a, const std::optional<OutboundTls>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->level == b->level && a->match == b->match && a->version == b->version && a->ca_file == b->ca_file &&
         a->certificate == b->certificate && a->key == b->key && a->dane == b->dane && a->mta_sts == b->mta_sts;
}

std::string to_string(const SmartHost& host) {
  std::string text = host.look_up_mx ? host.host : "[" + host.host + "]";
  if (host.port) text += ":" + std::to_string(*host.port);
  return text;
}

std::string configured_text(const SmartHost& host) {
  return (host.implicit_tls ? "smtps:" : "") + to_string(host);
}

std::string_view to_string(TlsLevel level) {
  return word_of(level);
}

}  // namespace connectord::model
