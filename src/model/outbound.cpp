#include "connectord/model/outbound.h"

namespace connectord::model {

bool same_protection(const std::optional<OutboundTls>& a, const std::optional<OutboundTls>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->level == b->level && a->match == b->match && a->version == b->version && a->ca_file == b->ca_file;
}

std::string to_string(const SmartHost& host) {
  std::string text = host.look_up_mx ? host.host : "[" + host.host + "]";
  if (host.port) text += ":" + std::to_string(*host.port);
  return text;
}

std::string_view to_string(TlsLevel level) {
  return word_of(level);
}

}  // namespace connectord::model
