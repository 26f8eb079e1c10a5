#include "connectord/config/connector_json.h"

#include <nlohmann/json.hpp>

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

template <class Items>
Json texts(const Items& items) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(item.to_string());
  return array;
}

Json certificate(const model::CertificatePattern& pattern) {
  Json object = Json::object();
  if (pattern.subject) object["subject"] = pattern.subject->text;
  if (pattern.issuer) object["issuer"] = *pattern.issuer;
  for (const auto& fingerprint : pattern.fingerprints) object["fingerprints"].push_back(to_string(fingerprint));
  return object;
}

Json identify(const model::Identify& identify) {
  Json object = Json::object();
  if (!identify.sender_domains.empty()) object["sender_domains"] = texts(identify.sender_domains);
  if (!identify.client_networks.empty()) object["client_networks"] = texts(identify.client_networks);
  if (identify.certificate) object["certificate"] = certificate(*identify.certificate);
  return object;
}

void add_requirement(Json& object, const char* key, model::Requirement requirement) {
  if (requirement == model::Requirement::none) return;
  object[key] = requirement == model::Requirement::aligned ? "aligned" : "pass";
}

Json require(const model::Require& require) {
  Json object = Json::object();
  if (require.tls) object["tls"] = true;
  if (require.tls_version != model::TlsVersion::none) object["tls_version"] = to_string(require.tls_version);
  if (!require.client_networks.empty()) object["client_networks"] = texts(require.client_networks);
  add_requirement(object, "spf", require.spf);
  add_requirement(object, "dkim", require.dkim);
  add_requirement(object, "dmarc", require.dmarc);
  if (require.certificate) object["certificate"] = certificate(*require.certificate);
  return object;
}

Json enhanced_filtering(const model::EnhancedFiltering& filtering) {
  Json object;
  object["skip_last"] = filtering.skip_last;
  if (!filtering.skip_networks.empty()) object["skip_networks"] = texts(filtering.skip_networks);
  if (!filtering.recipients.empty()) object["recipients"] = filtering.recipients;
  object["skip_spam_filtering"] = filtering.skip_spam_filtering;
  return object;
}

Json route(const model::Route& route) {
  Json object = Json::object();
  for (const model::SmartHost& host : route.smart_hosts) object["smart_hosts"].push_back(configured_text(host));
  if (!route.credentials.empty()) object["credentials"] = route.credentials;
  return object;
}

Json outbound_tls(const model::OutboundTls& tls) {
  Json object;
  object["level"] = to_string(tls.level);
  if (!tls.match.empty()) object["match"] = tls.match;
  if (tls.version != model::TlsVersion::none) object["version"] = to_string(tls.version);
  if (!tls.ca_file.empty()) object["ca_file"] = tls.ca_file;
  if (!tls.certificate.empty()) object["certificate"] = tls.certificate;
  if (!tls.key.empty()) object["key"] = tls.key;
  if (tls.dane) object["dane"] = model::word_of(*tls.dane);
  if (tls.mta_sts) object["mta_sts"] = model::word_of(*tls.mta_sts);
  return object;
}

}  // namespace

Json to_json(const model::InboundConnector& connector) {
  Json object;
  object["name"] = connector.name;
  object["direction"] = "inbound";
  object["scenario"] = to_string(connector.scenario);
  object["enabled"] = connector.enabled;
  object["mode"] = to_string(connector.mode);
  object["priority"] = connector.priority;
  object["trusted_path"] = connector.trusted_path;
  if (!connector.comment.empty()) object["comment"] = connector.comment;
  object["identify"] = identify(connector.identify);
  object["require"] = require(connector.require);
  if (connector.enhanced_filtering) object["enhanced_filtering"] = enhanced_filtering(*connector.enhanced_filtering);
  return object;
}

Json to_json(const model::OutboundConnector& connector) {
  Json object;
  object["name"] = connector.name;
  object["direction"] = "outbound";
  object["scenario"] = to_string(connector.scenario);
  object["enabled"] = connector.enabled;
  if (!connector.comment.empty()) object["comment"] = connector.comment;
  if (!connector.recipient_domains.empty()) object["recipient_domains"] = texts(connector.recipient_domains);
  if (!connector.senders.empty()) object["senders"] = connector.senders;
  if (!connector.sender_domains.empty()) object["sender_domains"] = texts(connector.sender_domains);
  if (!connector.inbound_connectors.empty()) object["inbound_connectors"] = connector.inbound_connectors;
  if (connector.rule_scoped) object["rule_scoped"] = true;
  object["split_recipients"] = connector.split_recipients;
  object["route"] = route(connector.route);
  if (connector.tls) object["tls"] = outbound_tls(*connector.tls);
  return object;
}

}  // namespace connectord::config
