#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/config/connector_files.h"
#include "connectord/config/load.h"
#include "ctl/import/exchange.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A partner, restricted to its addresses, as Get-InboundConnector | ConvertTo-Json writes it.
Json inbound() {
  return Json::parse(
      R"({"Name": "From Contoso", "Enabled": true, "ConnectorType": "Partner", "ConnectorSource": "Default",
    "SenderDomains": ["smtp:contoso.com;1", "smtp:*.contoso.com;1"], "SenderIPAddresses": ["192.0.2.0/24"],
    "RequireTls": true, "RestrictDomainsToIPAddresses": true, "RestrictDomainsToCertificate": false,
    "TlsSenderCertificateName": null, "TreatMessagesAsInternal": false, "CloudServicesMailEnabled": false,
    "EFSkipLastIP": false, "EFSkipIPs": [], "EFUsers": [], "Comment": "ticket 4711", "TrustedOrganizations": []})");
}

Json outbound() {
  return Json::parse(R"({"Name": "To Contoso", "Enabled": true, "ConnectorType": "Partner", "UseMXRecord": false,
    "RecipientDomains": ["contoso.com"], "SmartHosts": ["mx1.contoso.com", "[192.0.2.1]"],
    "TlsSettings": "DomainValidation", "TlsDomain": "*.contoso.com", "IsTransportRuleScoped": false,
    "AllAcceptedDomains": false, "RouteAllMessagesViaOnPremises": false, "SenderRewritingEnabled": false,
    "TestMode": false, "ValidationRecipients": ["postmaster@contoso.com"], "LastValidationTimestamp": null})");
}

ImportedConnector import_one(const Json& json) {
  auto connectors = read_exchange(json.dump(), {"example.net"});
  EXPECT_TRUE(connectors.has_value()) << connectors.error();
  return connectors ? connectors->front() : ImportedConnector();
}

const ImportedProperty& property(const ImportedConnector& connector, const std::string& name) {
  for (const ImportedProperty& each : connector.properties) {
    if (each.name == name) return each;
  }
  throw std::out_of_range(name);
}

std::string error_of(const std::string& text) {
  const auto connectors = read_exchange(text, {});
  return connectors ? "" : connectors.error();
}

// What the code that reads every configuration says of it.
std::string problems_of(const Json& connector) {
  const auto loaded = config::parse(
      "[server]\nmilter = \"unix:/run/m\"\nsocketmap = \"unix:/run/s\"\n" + config::connector_toml(connector).value(),
      "import", {"mx.example.net"});
  std::string text;
  for (const auto& problem : loaded.problems) text += to_string(problem) + "\n";
  return text;
}

TEST(ExchangeImport, MakesARestrictedPartnersDomainsItsSourceAndItsAddressesARequirement) {
  const ImportedConnector made = import_one(inbound());
  EXPECT_EQ(made.connector, Json::parse(R"({"name": "From-Contoso", "direction": "inbound", "scenario": "partner",
    "comment": "ticket 4711", "identify": {"sender_domains": ["contoso.com", "*.contoso.com"]},
    "require": {"tls": true, "client_networks": ["192.0.2.0/24"]}})"));
  EXPECT_THAT(made.warnings, IsEmpty());
  EXPECT_EQ(problems_of(made.connector), "");
}

TEST(ExchangeImport, TellsOfEveryPropertyWhatBecameOfIt) {
  Json json = inbound();
  json["SomethingNew"] = Json{{"x", 1}};
  json["TrustedOrganizations"] = {"contoso.onmicrosoft.com"};
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.properties.size(), json.size());
  EXPECT_EQ(property(made, "SomethingNew").fate, Fate::by_hand);
  EXPECT_EQ(property(made, "TrustedOrganizations").fate, Fate::by_hand);
  EXPECT_EQ(property(made, "ConnectorSource").fate, Fate::left);
  EXPECT_EQ(property(made, "TreatMessagesAsInternal").fate, Fate::left);
  EXPECT_EQ(property(made, "SenderIPAddresses").words, "require.client_networks");
  const ImportedConnector out = import_one(outbound());
  EXPECT_EQ(out.properties.size(), outbound().size());
}

TEST(ExchangeImport, MakesARestrictingCertificateARequirement) {
  Json json = inbound();
  json["RestrictDomainsToIPAddresses"] = false;
  json["RestrictDomainsToCertificate"] = true;
  json["TlsSenderCertificateName"] = "*.contoso.com";
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.connector["require"], Json::parse(R"({"tls": true, "certificate": {"subject": "*.contoso.com"}})"));
  EXPECT_EQ(problems_of(made.connector), "");
}

TEST(ExchangeImport, TakesIssuerAndSubjectApart) {
  Json json = inbound();
  json["RestrictDomainsToIPAddresses"] = false;
  json["RestrictDomainsToCertificate"] = true;
  json["TlsSenderCertificateName"] = "<I>CN=Some CA, O=Some, C=US<S>CN=mail.contoso.com, O=Contoso";
  EXPECT_EQ(import_one(json).connector["require"]["certificate"],
            Json::parse(R"({"subject": "mail.contoso.com", "issuer": "Some CA"})"));
}

TEST(ExchangeImport, KnowsServersOfOursByAddressAndCertificate) {
  Json json = inbound();
  json["ConnectorType"] = "OnPremises";
  json["SenderDomains"] = {"smtp:*;1"};
  json["TlsSenderCertificateName"] = "mail.example.net";
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.connector["scenario"], "on-premises");
  EXPECT_EQ(made.connector["identify"],
            Json::parse(R"({"client_networks": ["192.0.2.0/24"], "certificate": {"subject": "mail.example.net"}})"));
  EXPECT_EQ(property(made, "SenderDomains").fate, Fate::left);
  EXPECT_EQ(problems_of(made.connector), "");
}

TEST(ExchangeImport, LeavesDomainsOutThatWouldWidenWhatIsRequired) {
  Json json = inbound();
  json["RestrictDomainsToIPAddresses"] = false;
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.connector["identify"], Json::parse(R"({"client_networks": ["192.0.2.0/24"]})"));
  EXPECT_EQ(property(made, "SenderDomains").fate, Fate::by_hand);
  EXPECT_THAT(made.warnings, Contains(HasSubstr("anybody can send")));
}

struct Unwise {
  const char* title;
  void (*change)(Json&);
  const char* warning;
};

class UnwiseConnector : public ::testing::TestWithParam<Unwise> {};

TEST_P(UnwiseConnector, IsPointedOut) {
  Json json = std::string_view(GetParam().title).starts_with("Out") ? outbound() : inbound();
  GetParam().change(json);
  EXPECT_THAT(import_one(json).warnings, Contains(HasSubstr(GetParam().warning)));
}

INSTANTIATE_TEST_SUITE_P(
    ExchangeImport, UnwiseConnector,
    ::testing::Values(
        Unwise{"AllSenders",
               [](Json& json) {
                 json["SenderDomains"] = {"smtp:*;1"};
                 json["SenderIPAddresses"] = Json::array();
                 json["RestrictDomainsToIPAddresses"] = false;
               },
               "mail of all senders, from everywhere"},
        Unwise{"NoTls", [](Json& json) { json["RequireTls"] = false; }, "TLS is not required of a partner"},
        Unwise{"WholeCloud", [](Json& json) { json["SenderIPAddresses"] = {"40.92.0.0/15"}; },
               "40.92.0.0/15 holds the addresses of very many"},
        Unwise{"OutClear", [](Json& json) { json["TlsSettings"] = nullptr; }, "TLS is not required on the way"},
        Unwise{"OutAnyCertificate", [](Json& json) { json["TlsSettings"] = "EncryptionOnly"; },
               "any certificate will do"},
        Unwise{"OutTest", [](Json& json) { json["TestMode"] = true; }, "enabled = false"},
        Unwise{"OutEverything", [](Json& json) { json["RecipientDomains"] = {"*"}; }, "for all domains"}),
    [](const auto& info) { return info.param.title; });

TEST(ExchangeImport, MakesSmartHostsNextHopsAndTheTlsDomainAName) {
  const ImportedConnector made = import_one(outbound());
  EXPECT_EQ(made.connector["route"], Json::parse(R"({"smart_hosts": ["[mx1.contoso.com]", "[192.0.2.1]"]})"));
  EXPECT_EQ(made.connector["tls"], Json::parse(R"({"level": "match", "match": [".contoso.com"]})"));
  EXPECT_EQ(problems_of(made.connector), "");
}

TEST(ExchangeImport, GoesByMxWhereExchangeDoes) {
  Json json = outbound();
  json["UseMXRecord"] = true;
  const ImportedConnector made = import_one(json);
  EXPECT_FALSE(made.connector.contains("route"));
  EXPECT_THAT(made.warnings, Contains(HasSubstr("SmartHosts are not used")));
}

TEST(ExchangeImport, TakesOurOwnDomainsWhereAConnectorIsForAllOfThem) {
  Json json = outbound();
  json["AllAcceptedDomains"] = true;
  json["RecipientDomains"] = Json::array();
  EXPECT_EQ(import_one(json).connector["recipient_domains"], Json::parse(R"(["example.net"])"));
}

TEST(ExchangeImport, ReadsWhatPowerShellWrites) {
  const std::string utf8 = inbound().dump();
  std::string utf16 = "\xff\xfe";
  for (const char c : utf8) (utf16 += c) += '\0';
  ASSERT_TRUE(read_exchange(utf16, {}).has_value());
  ASSERT_TRUE(read_exchange("\xef\xbb\xbf" + utf8, {}).has_value());
  EXPECT_EQ(read_exchange(Json::array({inbound(), outbound()}).dump(), {})->size(), 2U);
  EXPECT_EQ(error_of(utf16.substr(0, utf16.size() - 1)), "is cut off within a character of UTF-16");
}

TEST(ExchangeImport, SaysWhatIsWrong) {
  EXPECT_THAT(error_of("{"), HasSubstr("is no JSON"));
  EXPECT_EQ(error_of("[]"), "holds no connector");
  EXPECT_EQ(error_of("[1]"), "connector 1: is no object");
  EXPECT_THAT(error_of(R"({"Name": "x"})"), HasSubstr("is neither an inbound connector"));
  EXPECT_THAT(error_of(R"({"Name": "x", "RequireTls": 1, "SenderDomains": []})"), HasSubstr("EnumsAsStrings"));
  EXPECT_THAT(error_of(R"({"Name": "x", "name": "y", "SenderDomains": []})"), HasSubstr("is there twice"));
  EXPECT_THAT(error_of(R"({"Name": "x", "SenderDomains": [{"Address": "contoso.com"}]})"), HasSubstr("-Depth"));
  EXPECT_THAT(error_of(R"({"Name": "\u00e4", "SenderDomains": []})"), HasSubstr("has no name"));
}

}  // namespace
}  // namespace connectord::ctl
