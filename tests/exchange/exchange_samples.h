#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "connectord/exchange/exchange.h"

// Connectors as Exchange has them, and what becomes of them.
namespace connectord::exchange::testing {

using Json = nlohmann::ordered_json;

// A partner, restricted to its addresses, as Get-InboundConnector | ConvertTo-Json writes it.
inline Json inbound() {
  return Json::parse(
      R"({"Name": "From Contoso", "Enabled": true, "ConnectorType": "Partner", "ConnectorSource": "Default",
    "SenderDomains": ["smtp:contoso.com;1", "smtp:*.contoso.com;1"], "SenderIPAddresses": ["192.0.2.0/24"],
    "RequireTls": true, "RestrictDomainsToIPAddresses": true, "RestrictDomainsToCertificate": false,
    "TlsSenderCertificateName": null, "TreatMessagesAsInternal": false, "CloudServicesMailEnabled": false,
    "EFSkipLastIP": false, "EFSkipIPs": [], "EFUsers": [], "Comment": "ticket 4711", "TrustedOrganizations": []})");
}

inline Json outbound() {
  return Json::parse(R"({"Name": "To Contoso", "Enabled": true, "ConnectorType": "Partner", "UseMXRecord": false,
    "RecipientDomains": ["contoso.com"], "SmartHosts": ["mx1.contoso.com", "[192.0.2.1]"],
    "TlsSettings": "DomainValidation", "TlsDomain": "*.contoso.com", "IsTransportRuleScoped": false,
    "AllAcceptedDomains": false, "RouteAllMessagesViaOnPremises": false, "SenderRewritingEnabled": false,
    "TestMode": false, "ValidationRecipients": ["postmaster@contoso.com"], "LastValidationTimestamp": null})");
}

inline ImportedConnector import_one(const Json& json) {
  auto connectors = read_exchange(json.dump(), {.accepted_domains = {"example.net"}});
  EXPECT_TRUE(connectors.has_value()) << connectors.error();
  return connectors ? connectors->front() : ImportedConnector();
}

inline const ImportedProperty& property(const ImportedConnector& connector, const std::string& name) {
  for (const ImportedProperty& each : connector.properties) {
    if (each.name == name) return each;
  }
  throw std::out_of_range(name);
}

inline std::string error_of(const std::string& text) {
  const auto connectors = read_exchange(text, {});
  return connectors ? "" : connectors.error();
}

}  // namespace connectord::exchange::testing
