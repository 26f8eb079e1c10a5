// The forms in which PowerShell writes connectors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange_samples.h"

namespace connectord::exchange {
namespace {

using namespace testing;  // NOLINT: short forms of connectors
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

TEST(ExchangeImport, GivesEveryConnectorANameOfItsOwn) {
  Json first = inbound();
  Json second = inbound();
  Json third = inbound();
  second["Name"] = "From-Contoso";
  third["Name"] = "\u00e4";
  const auto read =
      read_exchange(Json::array({first, second, third, outbound()}).dump(), {.accepted_domains = {"example.net"}});
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ((*read)[0].connector["name"], "From-Contoso");
  EXPECT_EQ((*read)[1].connector["name"], "From-Contoso-2");
  EXPECT_THAT((*read)[1].warnings, Contains(HasSubstr("which another one has")));
  EXPECT_EQ((*read)[2].connector["name"], "connector-3");
  EXPECT_EQ((*read)[3].connector["name"], "To-Contoso");
}

TEST(ExchangeImport, WhatIsNoConnectorStopsNoOther) {
  const auto read = read_exchange(Json::array({1, {{"Name", "x"}}, inbound()}).dump(), {});
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ((*read)[0].obstacle, "is no object");
  EXPECT_THAT((*read)[1].obstacle, StartsWith("is neither an inbound connector"));
  EXPECT_EQ((*read)[2].obstacle, "");
  EXPECT_EQ((*read)[2].connector, import_one(inbound()).connector);
}

struct Refusal {
  const char* title;
  const char* property;
  const char* value;
  const char* words;
};

class UnreadableValue : public ::testing::TestWithParam<Refusal> {};

TEST_P(UnreadableValue, IsLeftToAPersonAndStopsNothingElse) {
  Json json = Json(inbound()).contains(GetParam().property) ? inbound() : outbound();
  const Json without = import_one(json).connector;
  json[GetParam().property] = Json::parse(GetParam().value);
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.obstacle, "");
  EXPECT_EQ(made.properties.size(), json.size());
  EXPECT_EQ(property(made, GetParam().property).fate, Fate::by_hand);
  EXPECT_THAT(property(made, GetParam().property).words, HasSubstr(GetParam().words));
  EXPECT_EQ(made.connector["name"], without["name"]);
  // What it would have asked for is missing, so it must not be in force.
  if (std::string_view(GetParam().property) == "TrustedOrganizations") return;
  EXPECT_EQ(made.connector["enabled"], false);
  EXPECT_THAT(made.warnings, Contains(AllOf(HasSubstr("enabled = false"), HasSubstr(GetParam().property))));
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
        Refusal{"OneBadAddress", "SenderIPAddresses", R"(["192.0.2.1", "192.0.2.999", "192.0.2.0/33"])",
                "require.client_networks, without \"192.0.2.999\", \"192.0.2.0/33\": it should be a list of addresses"},
        Refusal{"OneBadDomain", "RecipientDomains", R"(["contoso.com", "con toso.com"])",
                "recipient_domains, without \"con toso.com\": it should be a list of domains"},
        Refusal{"OneBadHost", "SmartHosts", R"(["mx1.contoso.com", "mx 2"])", "a list of hosts"},
        Refusal{"OneBadUser", "EFUsers", R"(["pilot@example.net", "pilot"])", "a list of mail addresses"},
        Refusal{"BadTlsDomain", "TlsDomain", R"("*.*.contoso.com")", "the name in a certificate"},
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

// What the destination publishes raises a level that asks for no certificate, and no other.
TEST(ExchangeImport, TakesTheModesOfDaneAndMtaSts) {
  struct Case {
    const char* settings;
    const char* dane;
    const char* mta_sts;
    const char* tls;
    Fate fate;  // of MtaStsMode
  };
  for (const Case& each :
       {Case{"EncryptionOnly", "Opportunistic", "None",
             R"({"level": "require", "dane": "opportunistic", "mta_sts": "none"})", Fate::taken},
        Case{"EncryptionOnly", "None", "Opportunistic",
             R"({"level": "require", "dane": "none", "mta_sts": "opportunistic"})", Fate::taken},
        Case{"CertificateValidation", "Opportunistic", "Opportunistic", R"({"level": "verify"})", Fate::left},
        Case{"DomainValidation", "Mandatory", "Opportunistic", R"({"level": "dane"})", Fate::left},
        Case{"EncryptionOnly", "", "Someday", R"({"level": "require"})", Fate::by_hand}}) {
    Json json = outbound();
    json["TlsSettings"] = each.settings;
    json["SmtpDaneMode"] = each.dane;
    json["MtaStsMode"] = each.mta_sts;
    const ImportedConnector made = import_one(json);
    EXPECT_EQ(made.connector.at("tls"), Json::parse(each.tls)) << each.tls;
    EXPECT_EQ(property(made, "MtaStsMode").fate, each.fate) << each.tls;
  }
}

TEST(ExchangeImport, WarnsWhereCostsCount) {
  Json json = inbound();
  json["SenderDomains"] = {"smtp:contoso.com;5", "smtp:*.contoso.com;1"};
  EXPECT_THAT(import_one(json).warnings, Contains(HasSubstr("costs of SenderDomains")));
}

}  // namespace
}  // namespace connectord::exchange
