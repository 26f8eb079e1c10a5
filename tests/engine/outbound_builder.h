#pragma once

#include <string>
#include <vector>

#include "engine/builder.h"

// Short forms of outbound connectors, so that a test's table shows what matters in it.
namespace connectord::engine::test {

// "[host]:25", "host" and "host:25" as Postfix has them, and "smtps:" before these.
inline model::SmartHost smart_host(std::string text) {
  model::SmartHost made;
  made.implicit_tls = text.starts_with("smtps:");
  if (made.implicit_tls) text.erase(0, std::string("smtps:").size());
  const auto colon = text.rfind(':');
  if (colon != std::string::npos && text.find(']', colon) == std::string::npos) {
    made.port = static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)));
    text.resize(colon);
  }
  made.look_up_mx = !text.starts_with('[');
  made.host = made.look_up_mx ? text : text.substr(1, text.size() - 2);
  return made;
}

class OutboundBuilder {
 public:
  explicit OutboundBuilder(const std::string& name) { connector_.name = name; }
  OutboundBuilder& to(const std::vector<std::string>& texts) {
    connector_.recipient_domains = domains(texts);
    return *this;
  }
  OutboundBuilder& by(const std::vector<std::string>& hosts) {
    for (const auto& host : hosts) connector_.route.smart_hosts.push_back(smart_host(host));
    return *this;
  }
  OutboundBuilder& of(const std::vector<std::string>& inbound_connectors) {
    connector_.inbound_connectors = inbound_connectors;
    return *this;
  }
  OutboundBuilder& from(const std::vector<std::string>& senders) {
    connector_.senders = senders;
    return *this;
  }
  OutboundBuilder& from_domains(const std::vector<std::string>& texts) {
    connector_.sender_domains = domains(texts);
    return *this;
  }
  OutboundBuilder& tls(model::TlsLevel level, const std::vector<std::string>& match = {},
                       model::TlsVersion version = model::TlsVersion::none, const std::string& ca_file = "") {
    connector_.tls.emplace();
    connector_.tls->level = level;
    connector_.tls->match = match;
    connector_.tls->version = version;
    connector_.tls->ca_file = ca_file;
    return *this;
  }
  OutboundBuilder& showing(const std::string& certificate, const std::string& key) {
    if (!connector_.tls) connector_.tls.emplace();
    connector_.tls->certificate = certificate;
    connector_.tls->key = key;
    return *this;
  }
  OutboundBuilder& credentials(const std::string& file) {
    connector_.route.credentials = file;
    return *this;
  }
  OutboundBuilder& splits() {
    connector_.split_recipients = true;
    return *this;
  }
  OutboundBuilder& by_rule() {
    connector_.rule_scoped = true;
    return *this;
  }
  OutboundBuilder& disabled() {
    connector_.enabled = false;
    return *this;
  }
  operator model::OutboundConnector() const { return connector_; }  // NOLINT: reads well in a list of connectors

 private:
  model::OutboundConnector connector_;
};

inline OutboundBuilder outbound(const std::string& name) {
  return OutboundBuilder(name);
}

// A site with these outbound connectors, whose own domains are `accepted`.
inline model::Configuration site(std::vector<model::OutboundConnector> connectors,
                                 const std::vector<std::string>& accepted = {"example.net"}) {
  model::Configuration made = configuration({});
  made.server.host_name = "mx.example.net";
  made.organization.accepted_domains = domains(accepted);
  made.outbound = std::move(connectors);
  return made;
}

inline std::string name_of(const model::OutboundConnector* connector) {
  return connector == nullptr ? "-" : connector->name;
}

}  // namespace connectord::engine::test
