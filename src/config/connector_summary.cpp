#include "connectord/config/connector_summary.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace connectord::config {
namespace {

constexpr std::size_t most = 3;

// "contoso.com, *.contoso.com and 2 more". Only the first ones are written out at all.
class Enumeration {
 public:
  template <class Items, class Text>
  void add(const Items& items, const Text& text_of) {
    for (const auto& item : items) {
      if (count_++ < most) text_ += (text_.empty() ? "" : ", ") + text_of(item);
    }
  }
  std::string text() const { return count_ > most ? text_ + " and " + std::to_string(count_ - most) + " more" : text_; }

 private:
  std::string text_;
  std::size_t count_ = 0;
};

constexpr auto own_text = [](const auto& item) { return item.to_string(); };

std::string sources_of(const model::Identify& identify) {
  Enumeration sources;
  sources.add(identify.sender_domains, own_text);
  sources.add(identify.client_networks, own_text);
  if (identify.certificate) {
    sources.add(std::vector{*identify.certificate}, [](const auto& c) { return "certificate " + to_string(c); });
  }
  return sources.text();
}

std::string destinations_of(const model::OutboundConnector& connector) {
  Enumeration domains;
  domains.add(connector.recipient_domains, own_text);
  Enumeration origins;
  origins.add(connector.inbound_connectors, [](const std::string& name) { return name; });
  std::string text = connector.recipient_domains.empty() ? "*" : domains.text();
  Enumeration senders;
  senders.add(connector.senders, [](const std::string& address) { return address; });
  senders.add(connector.sender_domains, own_text);
  if (connector.is_by_sender()) text += " (from " + senders.text() + ")";
  if (!connector.inbound_connectors.empty()) text += " (mail of " + origins.text() + ")";
  if (connector.rule_scoped) text += " (by rule)";
  return text;
}

std::string tls_of(const model::Require& require) {
  if (!require.tls) return "not required";
  std::string text = "required";
  if (require.tls_version != model::TlsVersion::none) text = std::string(to_string(require.tls_version)) + " or later";
  if (require.certificate) text += ", certificate";
  return text;
}

std::string tls_of(const model::OutboundConnector& connector) {
  const auto& tls = connector.tls;
  if (!tls) return connector.has_implicit_tls() ? "implicit" : "the mail server's own policy";
  std::string text(to_string(tls->level));
  if (connector.has_implicit_tls()) text += ", implicit";
  if (tls->dane) text.append(", dane ").append(model::word_of(*tls->dane));
  if (tls->mta_sts) text.append(", mta_sts ").append(model::word_of(*tls->mta_sts));
  if (!tls->certificate.empty()) text += ", our certificate";
  if (tls->version != model::TlsVersion::none) text.append(", ").append(to_string(tls->version)).append(" or later");
  return text;
}

}  // namespace

ConnectorSummary summarize(const model::InboundConnector& connector) {
  return {connector.name,
          "inbound",
          to_string(connector.scenario),
          connector.enabled,
          connector.mode == model::Mode::audit,
          sources_of(connector.identify),
          tls_of(connector.require)};
}

ConnectorSummary summarize(const model::OutboundConnector& connector) {
  return {connector.name,    "outbound", to_string(connector.scenario),
          connector.enabled, false,      destinations_of(connector),
          tls_of(connector)};
}

nlohmann::ordered_json to_json(const ConnectorSummary& summary) {
  const bool inbound = summary.direction == "inbound";
  nlohmann::ordered_json object{
      {"name", summary.name}, {"direction", summary.direction}, {"scenario", summary.scenario}};
  object["status"] = summary.enabled ? "enabled" : "disabled";
  if (inbound) object["mode"] = summary.audit ? "audit" : "enforce";
  object[inbound ? "sender" : "destination"] = summary.far_side;
  object["tls"] = summary.tls;
  return object;
}

}  // namespace connectord::config
