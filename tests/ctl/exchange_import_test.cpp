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

std::string utf16(const std::string& ascii, bool is_big_endian) {
  std::string text = is_big_endian ? "\xfe\xff" : "\xff\xfe";
  for (const char c : ascii) text += is_big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  return text;
}

TEST(ExchangeImport, ReadsFilesAsPowerShellWritesThem) {
  const std::string one = inbound().dump();
  const std::string two = Json::array({inbound(), outbound()}).dump();
  struct Case {
    const char* title;
    std::string text;
    std::size_t connectors;
  };
  for (const auto& [title, text, connectors] : {
           Case{"one object", one, 1},
           Case{"a list", two, 2},
           Case{"a list in Windows PowerShell", R"({"value": )" + two + R"(, "Count": 2})", 2},
           Case{"the service's answer", R"({"@odata.context": "https://x", "value": )" + two + "}", 2},
           Case{"UTF-16, as by >", utf16(one, false), 1},
           Case{"UTF-16, big-endian", utf16(one, true), 1},
           Case{"UTF-8 with a mark", "\xef\xbb\xbf" + one, 1},
           Case{"lines as in Windows", "\r\n" + inbound().dump(4) + "\r\n", 1},
       }) {
    const auto read = read_exchange(text, {});
    ASSERT_TRUE(read) << title << ": " << read.error();
    EXPECT_EQ(read->size(), connectors) << title;
    EXPECT_EQ(read->front().connector, import_one(inbound()).connector) << title;
  }
}

TEST(ExchangeImport, SaysWhatIsWrongWithAFile) {
  const std::string one = inbound().dump();
  struct Case {
    const char* title;
    std::string text;
    const char* error;
  };
  for (const auto& [title, text, error] : {
           Case{"no JSON", "{", "is no JSON"},
           Case{"a table on the screen", "Name  SenderDomains\n----  ----\n", "is no JSON"},
           Case{"two exports in a file", one + "\n" + one, "is no JSON"},
           Case{"cut off in UTF-16", utf16(one, false).substr(0, 9), "is cut off within a character of UTF-16"},
           Case{"no list", "[1]", "connector 1: is no object"},
           Case{"nothing in it", "[]", "holds no connector"},
           Case{"nothing at all", "", "holds no connector"},
           Case{"nothing at all, as by >", "\xff\xfe", "holds no connector"},
           Case{"null, as for no connector", "null", "connector 1: is no object"},
           Case{"an empty answer", R"({"value": []})", "holds no connector"},
           Case{"a count that is wrong", R"({"value": [], "Count": 2})", "is neither an inbound connector"},
           Case{"the first page", R"({"@odata.nextLink": "https://x", "value": []})", "get the further pages too"},
           Case{"no connector", R"({"Name": "x"})", "is neither an inbound connector"},
           Case{"a name twice", R"({"Name": "x", "name": "y", "SenderDomains": []})", "is there twice"},
           Case{"a name without letters", R"({"Name": "\u00e4", "SenderDomains": []})", "has no name"},
           Case{"too deep", std::string(40, '[') + std::string(40, ']'), "is nested more than"},
       }) {
    EXPECT_THAT(error_of(text), HasSubstr(error)) << title;
  }
}

struct Shape {
  const char* title;
  const char* property;
  const char* value;
  const char* key;     // of the connector, as JSON pointer
  const char* result;  // what it is then; "null": it is not there
};

class ExportedValue : public ::testing::TestWithParam<Shape> {};

TEST_P(ExportedValue, IsRead) {
  Json json = Json(inbound()).contains(GetParam().property) ? inbound() : outbound();
  json[GetParam().property] = Json::parse(GetParam().value);
  const ImportedConnector made = import_one(json);
  const Json::json_pointer key(GetParam().key);
  const Json found = made.connector.contains(key) ? made.connector[key] : Json();
  EXPECT_EQ(found, Json::parse(GetParam().result));
  EXPECT_EQ(made.properties.size(), json.size());
}

INSTANTIATE_TEST_SUITE_P(
    ExchangeImport, ExportedValue,
    ::testing::Values(
        Shape{"EnumerationOfARemoteSession", "ConnectorType", R"({"value": 1, "Value": "OnPremises"})", "/scenario",
              R"("on-premises")"},
        Shape{"EnumerationOfTls", "TlsSettings", R"({"value": 2, "Value": "CertificateValidation"})", "/tls/level",
              R"("verify")"},
        Shape{"NoTlsSettings", "TlsSettings", "null", "/tls/level", R"("opportunistic")"},
        Shape{"TruthAsText", "Enabled", R"("False")", "/enabled", "false"},
        Shape{"TruthInLowerCase", "RequireTls", R"("true")", "/require/tls", "true"},
        Shape{"ListWithItsCount", "SenderIPAddresses", R"({"value": ["192.0.2.1", "2001:db8::/32"], "Count": 2})",
              "/require/client_networks", R"(["192.0.2.1", "2001:db8::/32"])"},
        Shape{"ListOfOne", "SenderDomains", R"("smtp:contoso.com;1")", "/identify/sender_domains",
              R"(["contoso.com"])"},
        Shape{"DomainsWithoutKind", "SenderDomains", R"(["contoso.com", "SMTP:*.contoso.com;1"])",
              "/identify/sender_domains", R"(["contoso.com", "*.contoso.com"])"},
        Shape{"RangesAsObjects", "SenderIPAddresses",
              R"([{"LowerBound": "192.0.2.0", "UpperBound": "192.0.2.255", "RangeFormat": 2, "CIDRLength": 24,
                   "Size": {"High": 0}, "Expression": "192.0.2.0/24"}])",
              "/require/client_networks", R"(["192.0.2.0/24"])"},
        Shape{"HostsInBrackets", "SmartHosts", R"(["[203.0.113.1]", "mx.contoso.com"])", "/route/smart_hosts",
              R"(["[203.0.113.1]", "[mx.contoso.com]"])"},
        Shape{"NoHost", "SmartHosts", R"("")", "/route", "null"},
        Shape{"RecipientsWithKind", "RecipientDomains", R"(["smtp:*.contoso.com;1"])", "/recipient_domains",
              R"(["*.contoso.com"])"},
        Shape{"NullComment", "Comment", "null", "/comment", "null"},
        Shape{"CommentThatNamesAType", "Comment", R"("see System.Object[] of 4711")", "/comment",
              R"("see System.Object[] of 4711")"},
        Shape{"NoCertificate", "TlsSenderCertificateName", R"("")", "/require/certificate", "null"}),
    [](const auto& info) { return info.param.title; });

struct Refusal {
  const char* title;
  const char* property;
  const char* value;
  const char* error;
};

class UnreadableValue : public ::testing::TestWithParam<Refusal> {};

TEST_P(UnreadableValue, IsRefusedByName) {
  Json json = Json(inbound()).contains(GetParam().property) ? inbound() : outbound();
  json[GetParam().property] = Json::parse(GetParam().value);
  const std::string error = error_of(json.dump());
  EXPECT_THAT(error, StartsWith("connector 1: \"" + json["Name"].get<std::string>() + "\": " + GetParam().property));
  EXPECT_THAT(error, HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    ExchangeImport, UnreadableValue,
    ::testing::Values(
        Refusal{"NumberOfAnEnumeration", "ConnectorType", "2", "-EnumsAsStrings"},
        Refusal{"NumberOfTls", "TlsSettings", "4", "which name that number stands for is not documented"},
        Refusal{"NumberForTruth", "RequireTls", "1", "and should be true or false"},
        Refusal{"WordForTruth", "RequireTls", R"("$true")", "and should be true or false"},
        Refusal{"ListTooDeep", "SenderDomains", R"("smtp:contoso.com;1 smtp:*.contoso.com;1")", "-Depth 5"},
        Refusal{"ListOfASpreadsheet", "SenderIPAddresses", R"("192.0.2.1, 192.0.2.2")", "a string for each"},
        Refusal{"TypeOfAList", "SenderIPAddresses", R"("System.Object[]")", "-Depth 5"},
        Refusal{"TypeOfAGenericList", "SenderDomains", R"(["System.Collections.Generic.List`1[System.String]"])",
                "-Depth 5"},
        Refusal{"TypeOfExchange", "SmartHosts", R"("Microsoft.Exchange.Data.SmartHost")", "-Depth 5"},
        Refusal{"RemoteType", "TlsDomain", R"("Deserialized.Microsoft.Exchange.Data.SmtpDomain")", "-Depth 5"},
        Refusal{"ObjectAsText", "SmartHosts", R"(["@{Address=; Domain=mx.contoso.com}"])", "-Depth 5"},
        Refusal{"CertificateTooDeep", "TlsSenderCertificateName", R"("@{CertificateSubject=x}")", "-Depth 5"},
        Refusal{"NotTakenOverAndTooDeep", "TrustedOrganizations", R"("System.Object[]")", "-Depth 5"},
        Refusal{"ObjectForAList", "SenderDomains", R"([{"Address": "contoso.com"}])", "every property as text"},
        Refusal{"ObjectForAText", "TlsSenderCertificateName", R"({"TlsCertificate": "x"})", "every property as text"},
        Refusal{"RangeWithoutText", "SenderIPAddresses", R"([{"LowerBound": "192.0.2.0", "UpperBound": "192.0.2.9"}])",
                "every property as text"},
        Refusal{"CountThatIsWrong", "SenderDomains", R"({"value": ["contoso.com"], "Count": 2})",
                "every property as text"},
        Refusal{"OtherKindOfDomain", "SenderDomains", R"(["X400:c=us;1"])", "a list of domains"},
        Refusal{"SubjectAlone", "TlsSenderCertificateName", R"("<S>CN=mail.contoso.com")", "<I>CN="},
        Refusal{"IssuerAlone", "TlsSenderCertificateName", R"("<I>CN=Some CA")", "<I>CN="},
        Refusal{"SubjectWithoutCommonName", "TlsSenderCertificateName", R"("<I>CN=Some CA<S>O=Contoso, OU=CN")",
                "<I>CN="},
        Refusal{"IssuerWithoutCommonName", "TlsSenderCertificateName", R"("<I>O=Some<S>CN=mail.contoso.com")",
                "<I>CN="}),
    [](const auto& info) { return info.param.title; });

TEST(ExchangeImport, FindsTheCommonNamesAmongOtherAttributes) {
  Json json = inbound();
  json["RestrictDomainsToCertificate"] = true;
  json["TlsSenderCertificateName"] = R"(<I>C=US, O="Some, Inc. CN=x", cn="Some CA, G2"<S>OU=CN, CN=mail.contoso.com)";
  EXPECT_EQ(import_one(json).connector["require"]["certificate"],
            Json::parse(R"({"subject": "mail.contoso.com", "issuer": "Some CA, G2"})"));
}

TEST(ExchangeImport, LeavesToExchangeWhatIsItsOwnBookkeeping) {
  Json json = inbound();
  json["PSComputerName"] = "outlook.office365.com";
  json["RunspaceId"] = "b0b4f1f0-0000-0000-0000-000000000000";
  json["PSShowComputerName"] = false;
  json["WhenChanged"] = "/Date(1690000000000)/";
  json["WhenCreatedUTC"] = Json::parse(R"({"value": "/Date(1690000000000)/", "DateTime": "Saturday"})");
  json["OrganizationId"] = "Microsoft.Exchange.Data.Directory.OrganizationId";
  json["ConnectorSource"] = 0;
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.connector, import_one(inbound()).connector);
  for (const char* name : {"PSComputerName", "RunspaceId", "PSShowComputerName", "WhenChanged", "WhenCreatedUTC",
                           "OrganizationId", "ConnectorSource"}) {
    EXPECT_EQ(property(made, name).fate, Fate::left) << name;
  }
}

TEST(ExchangeImport, WarnsWhereAnExportSaysLessThanExchangeDoes) {
  Json json = inbound();
  json.erase("RequireTls");
  json.erase("RestrictDomainsToIPAddresses");
  EXPECT_THAT(import_one(json).warnings,
              Contains(HasSubstr("does not have RequireTls, RestrictDomainsToIPAddresses: taken as not set")));
  json = outbound();
  json.erase("TlsSettings");
  EXPECT_THAT(import_one(json).warnings, Contains(HasSubstr("does not have TlsSettings")));
}

TEST(ExchangeImport, WarnsWhereCostsCount) {
  Json json = inbound();
  json["SenderDomains"] = {"smtp:contoso.com;5", "smtp:*.contoso.com;1"};
  EXPECT_THAT(import_one(json).warnings, Contains(HasSubstr("costs of SenderDomains")));
}

}  // namespace
}  // namespace connectord::ctl
