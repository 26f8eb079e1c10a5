#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/config/connector_files.h"
#include "connectord/config/load.h"
#include "exchange_samples.h"

namespace connectord::exchange {
namespace {

using namespace testing;  // NOLINT: short forms of connectors
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

TEST(ExchangeImport, TakesAnAddressWithAPrefixForTheBlockThatItIsIn) {
  Json json = inbound();
  json["SenderIPAddresses"] = {"192.168.0.1/25", "192.0.2.7", "2001:db8::1/64"};
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.connector["require"]["client_networks"],
            Json::parse(R"(["192.168.0.0/25", "192.0.2.7", "2001:db8::/64"])"));
  EXPECT_THAT(made.warnings, Contains(HasSubstr("192.168.0.1/25 is written as 192.168.0.0/25")));
  EXPECT_FALSE(made.connector.contains("enabled"));
  EXPECT_EQ(problems_of(made.connector), "");
}

TEST(ExchangeImport, WritesACommentOnOneLine) {
  Json json = inbound();
  json["Comment"] = "Mail from Contoso\r\nAsk Jane\n\t";
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.connector["comment"], "Mail from Contoso Ask Jane");
  EXPECT_EQ(property(made, "Comment").words, "comment, on one line");
  EXPECT_EQ(problems_of(made.connector), "");
  json["Comment"] = 4711;
  const ImportedConnector without = import_one(json);
  EXPECT_EQ(property(without, "Comment").fate, Fate::by_hand);
  EXPECT_FALSE(without.connector.contains("enabled")) << "a comment decides nothing";
}

TEST(ExchangeImport, SkipsNoMoreHostsThanExchange) {
  Json json = inbound();
  json["EFSkipLastIP"] = true;
  json["EFSkipIPs"] = {"198.51.100.0/24"};
  const ImportedConnector last = import_one(json);
  EXPECT_EQ(last.connector["enhanced_filtering"], Json::parse(R"({"skip_last": true})"));
  EXPECT_EQ(property(last, "EFSkipIPs").fate, Fate::left);
  EXPECT_THAT(property(last, "EFSkipIPs").words, HasSubstr("where EFSkipLastIP is true"));
  json["EFSkipLastIP"] = false;
  json["EFSkipIPs"] = {"198.51.100.1/24"};
  EXPECT_EQ(import_one(json).connector["enhanced_filtering"],
            Json::parse(R"({"skip_last": false, "skip_networks": ["198.51.100.0/24"]})"));
}

TEST(ExchangeImport, SaysWhatToWriteWhereNothingIsAccepted) {
  Json json = outbound();
  json["AllAcceptedDomains"] = true;
  json["RecipientDomains"] = Json::array();
  const auto alone = read_exchange(json.dump(), {});
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error(), HasSubstr("\"To Contoso\": AllAcceptedDomains: it is for all domains of ours"));
  EXPECT_THAT(alone.error(), HasSubstr("write accepted_domains = [\"example.net\"]"));
  const auto beside = read_exchange(Json::array({json, inbound()}).dump(), {});
  ASSERT_TRUE(beside);
  EXPECT_THAT(beside->front().obstacle, HasSubstr("[organization]"));
  json["RecipientDomains"] = {"contoso.com"};
  const auto others = read_exchange(json.dump(), {});
  ASSERT_TRUE(others) << others.error();
  EXPECT_EQ(others->front().connector["recipient_domains"], Json::parse(R"(["contoso.com"])"));
  EXPECT_EQ(property(others->front(), "AllAcceptedDomains").fate, Fate::by_hand);
}

TEST(ExchangeImport, TakesTheFirstOfAPropertyThatIsThereTwice) {
  Json json = inbound();
  json["senderdomains"] = {"fabrikam.com"};
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(made.connector["identify"], import_one(inbound()).connector["identify"]);
  EXPECT_EQ(made.connector["enabled"], false);
  EXPECT_THAT(property(made, "senderdomains").words, HasSubstr("is there twice"));
}

TEST(ExchangeImport, SaysWhatBelongsIntoTheOrganizationsOwnTable) {
  struct {
    const char* json;
    Organization organization;
    const char* property;
    Fate fate;
    const char* words;
  } const cases[] = {
      {R"({"RejectDirectSend": true, "Name": "x", "AuditDisabled": false})",
       {},
       "RejectDirectSend",
       Fate::by_hand,
       "write reject_direct_send = true into [organization]; it takes accepted_domains too"},
      {R"({"RejectDirectSend": true})",
       {.accepted_domains = {}, .reject_direct_send = true},
       "RejectDirectSend",
       Fate::taken,
       "organization.reject_direct_send, which is so already"},
      {R"({"DomainName": "contoso.com", "DomainType": "Authoritative"})",
       {},
       "DomainName",
       Fate::by_hand,
       "write \"contoso.com\" into accepted_domains of [organization]"},
      {R"({"DomainName": "contoso.com", "DomainType": "InternalRelay", "MatchSubDomains": true})",
       {},
       "DomainName",
       Fate::by_hand,
       "write \"*.contoso.com\" into accepted_domains of [organization]"},
      {R"({"DomainName": "contoso.com", "DomainType": "Authoritative"})",
       {.accepted_domains = {"*.contoso.com"}},
       "DomainName",
       Fate::taken,
       "organization.accepted_domains, which has it already"},
      {R"({"DomainName": "contoso.com", "DomainType": "Authoritative", "MatchSubDomains": true})",
       {.accepted_domains = {"contoso.com"}},
       "DomainName",
       Fate::by_hand,
       "write \"*.contoso.com\" into accepted_domains of [organization]"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.json);
    const auto made = read_exchange(one.json, one.organization);
    ASSERT_TRUE(made.has_value()) << made.error();
    EXPECT_TRUE(made->front().connector.is_null());
    EXPECT_EQ(made->front().obstacle, "");
    EXPECT_EQ(property(made->front(), one.property).fate, one.fate);
    EXPECT_EQ(property(made->front(), one.property).words, one.words);
  }
}

}  // namespace
}  // namespace connectord::exchange
