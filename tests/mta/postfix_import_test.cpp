#include "connectord/mta/postfix_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mta/import_policy.h"
#include "mta/postfix_fixture.h"

namespace connectord::mta {
namespace {

using config::Fate;
using config::ImportedConnector;
using Json = nlohmann::ordered_json;
using test::Values;

// A Postfix with delivery services, main.cf's lines, and tables by their files.
class PostfixImports : public testing::Test {
 protected:
  PostfixImports() { accepted = {"example.net"}; }

  PostfixImport import(const Values& lines) {
    PostfixSetup setup = test::postfix(lines);
    for (const char* name : {"smtp", "relay"}) setup.services.push_back({name, "unix", "smtp", false, {}});
    setup.services.push_back({"local", "unix", "local", false, {}});
    setup.services.push_back({"lmtp", "unix", "lmtp", false, {}});
    setup.services.insert(setup.services.end(), services.begin(), services.end());
    const auto read = [this](const std::string& path) -> tl::expected<std::string, std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return tl::unexpected(std::string("no such file"));
      return found->second;
    };
    return import_postfix(setup, read, {.accepted_domains = accepted, .secrets = "/secrets"});
  }

  // The connectors alone, as keys of ours.
  Json connectors(const Values& lines) {
    Json list = Json::array();
    for (const ImportedConnector& one : import(lines).connectors) {
      if (!one.table.empty()) list.push_back(one.connector);
    }
    return list;
  }

  // "fate name: words" of all properties.
  std::string report(const Values& lines) {
    std::string text;
    for (const ImportedConnector& one : import(lines).connectors) {
      for (const auto& property : one.properties) {
        text += std::string(to_string(property.fate)) + " " + property.name + " " + property.value + ": " +
                property.words + "\n";
      }
    }
    return text;
  }

  std::vector<PostfixService> services;
  std::map<std::string, std::string> files;
  std::vector<std::string> accepted;
};

const std::string transport_file = "/etc/postfix/transport";
const Values with_transport = {{"transport_maps", "hash:" + transport_file}};

Json out(const Json& keys) {
  Json connector{{"direction", "outbound"}};
  connector.update(keys);
  return connector;
}

TEST_F(PostfixImports, MakesConnectorsOfRoutes) {
  struct {
    const char* title;
    const char* table;
    Json connectors;
  } const cases[] = {
      {"a host",
       "contoso.com smtp:[mx.contoso.com]:25",
       {{{"name", "contoso.com-out"},
         {"scenario", "partner"},
         {"recipient_domains", {"contoso.com"}},
         {"route", {{"smart_hosts", {"[mx.contoso.com]:25"}}}}}}},
      {"a service's name, and the MX of another domain",
       "a.example relay:gw.example:submission",
       {{{"name", "a.example-out"},
         {"scenario", "partner"},
         {"recipient_domains", {"a.example"}},
         {"route", {{"smart_hosts", {"gw.example:587"}}}}}}},
      {"several hosts",
       "a.example smtp:[b.example], [192.0.2.1]:26",
       {{{"name", "a.example-out"},
         {"scenario", "partner"},
         {"recipient_domains", {"a.example"}},
         {"route", {{"smart_hosts", {"[b.example]", "[192.0.2.1]:26"}}}}}}},
      {"by MX",
       "a.example smtp:",
       {{{"name", "a.example-out"}, {"scenario", "partner"}, {"recipient_domains", {"a.example"}}}}},
      {"a domain and those below it",
       "a.example smtp:[b]\n.a.example smtp:[b]",
       {{{"name", "a.example-out"},
         {"scenario", "partner"},
         {"recipient_domains", {"*.a.example"}},
         {"route", {{"smart_hosts", {"[b]"}}}}}}},
      {"those below it alone, which a connector cannot say",
       ".a.example smtp:[b]",
       {{{"name", "a.example-out"},
         {"scenario", "partner"},
         {"enabled", false},
         {"recipient_domains", {"*.a.example"}},
         {"route", {{"smart_hosts", {"[b]"}}}}}}},
      {"those that leave alike",
       "a.example smtp:[b]\nc.example smtp:[d]\ne.example smtp:[b]",
       {{{"name", "a.example-out"},
         {"scenario", "partner"},
         {"recipient_domains", {"a.example", "e.example"}},
         {"route", {{"smart_hosts", {"[b]"}}}}},
        {{"name", "c.example-out"},
         {"scenario", "partner"},
         {"recipient_domains", {"c.example"}},
         {"route", {{"smart_hosts", {"[d]"}}}}}}},
      {"all",
       "* smtp:[gateway]:587",
       {{{"name", "all-out"},
         {"scenario", "internet"},
         {"recipient_domains", {"*"}},
         {"route", {{"smart_hosts", {"[gateway]:587"}}}}}}},
      {"a domain of ours",
       "example.net relay:[mailbox]",
       {{{"name", "example.net-out"},
         {"scenario", "on-premises"},
         {"recipient_domains", {"example.net"}},
         {"route", {{"smart_hosts", {"[mailbox]"}}}}}}},
      {"what smtp(8) does not deliver", "a.example lmtp:unix:private/lmtp\nb.example error:5.1.1 no", Json::array()},
      {"single addresses", "a@a.example smtp:[b]", Json::array()},
      {"no next hop", "a.example smtp:[", Json::array()},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.title);
    files[transport_file] = one.table;
    Json expected = Json::array();
    for (const Json& connector : one.connectors) expected.push_back(out(connector));
    Json made = connectors(with_transport);
    // In any order of keys.
    EXPECT_EQ(nlohmann::json::parse(made.dump()), nlohmann::json::parse(expected.dump())) << made.dump(1);
  }
}

TEST_F(PostfixImports, ReportsEveryEntry) {
  struct {
    const char* title;
    const char* table;
    Values lines;
    const char* reported;
  } const cases[] = {
      {"a single address",
       "a@a.example smtp:[b]",
       {},
       "left transport_maps a@a.example \"smtp:[b]\": for a single address"},
      {"a mailbox", "a.example lmtp:unix:x", {}, "left transport_maps a.example \"lmtp:unix:x\": Postfix goes on"},
      {"a mailbox that a connector for all would take",
       "a.example lmtp:unix:x\n* smtp:[b]",
       {},
       "by hand transport_maps a.example \"lmtp:unix:x\": Postfix delivers it by lmtp, and a connector takes all"},
      {"one of ours is nobody else's",
       "example.net lmtp:unix:x\n* smtp:[b]",
       {},
       "left transport_maps example.net \"lmtp:unix:x\": Postfix goes on"},
      {"a key that is no domain", "a_b..c smtp:[b]", {}, "by hand transport_maps a_b..c"},
      {"a relayhost behind a next hop of default_transport",
       "",
       {{"relayhost", "[c]"}, {"default_transport", "smtp:[b]"}},
       "left relayhost \"[c]\": default_transport names a next hop"},
      {"a next hop of default_transport",
       "",
       {{"default_transport", "smtp:[b]"}},
       "taken default_transport \"smtp:[b]\""},
      {"a relayhost behind an entry for all", "* smtp:[b]", {{"relayhost", "[c]"}}, "left relayhost \"[c]\""},
      {"a table of another type",
       "",
       {{"transport_maps", "ldap:/etc/x, hash:" + transport_file}},
       "by hand transport_maps \"ldap:/etc/x\": tables of this type"},
      {"a source that is not there",
       "",
       {{"transport_maps", "hash:/gone"}},
       "by hand transport_maps \"hash:/gone\": its source cannot be read (no such file)"},
      {"connectord itself",
       "",
       {{"transport_maps", "socketmap:unix:connectord/socketmap.sock:transport"}},
       "left transport_maps \"socketmap:unix:connectord/socketmap.sock:transport\": connectord answers it"},
      {"TLS of clients", "", {{"smtpd_tls_ask_ccert", "yes"}}, "left smtpd_tls_ask_ccert \"yes\""},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.title);
    files[transport_file] = one.table;
    Values lines = with_transport;
    for (const auto& [name, value] : one.lines) lines[name] = value;
    EXPECT_THAT(report(lines), testing::HasSubstr(one.reported));
  }
}

TEST_F(PostfixImports, TakesWhatAServiceOfMasterCfSets) {
  services = {
      {"wrapped", "unix", "smtp", false, {{"smtp_tls_wrappermode", "yes"}, {"smtp_tls_security_level", "encrypt"}}},
      {"bound", "unix", "smtp", false, {{"smtp_bind_address", "192.0.2.1"}}},
      {"showing",
       "unix",
       "smtp",
       false,
       {{"smtp_tls_security_level", "encrypt"}, {"smtp_tls_cert_file", "/c.pem"}, {"smtp_tls_key_file", "/k.pem"}}}};
  files[transport_file] = "a.example wrapped:[b]:465\nc.example bound:[d]\ne.example showing:[f]\n";
  const Json made = connectors(with_transport);
  ASSERT_EQ(made.size(), 3);
  EXPECT_EQ(made[0]["route"]["smart_hosts"], Json({"smtps:[b]:465"}));
  EXPECT_EQ(made[0]["tls"]["level"], "require");
  EXPECT_EQ(made[1]["enabled"], false);
  EXPECT_EQ(made[2]["tls"], Json({{"level", "require"}, {"certificate", "/c.pem"}, {"key", "/k.pem"}}));
}

TEST_F(PostfixImports, TakesWhatDependsOnTheSenderWithItsPassword) {
  files["/relay"] =
      "shop@example.net [smtp.p.example]:587\n@hosted.example [smtp.p.example]:587\nx@example.net DUNNO\n";
  files["/passwords"] =
      "shop@example.net shop:one\n@hosted.example hosted:two\n[smtp.q.example]:587 all:three\nother@example.net "
      "other:four\n[gone] x:y\n";
  const PostfixImport made = import({{"sender_dependent_relayhost_maps", "hash:/relay"},
                                     {"relayhost", "[smtp.q.example]:587"},
                                     {"smtp_sasl_auth_enable", "yes"},
                                     {"smtp_sender_dependent_authentication", "yes"},
                                     {"smtp_sasl_password_maps", "hash:/passwords"}});
  ASSERT_EQ(made.connectors.size(), 5);
  EXPECT_EQ(made.connectors[0].connector["route"],
            Json({{"smart_hosts", {"[smtp.q.example]:587"}}, {"credentials", "/secrets/all-out"}}));
  EXPECT_EQ(made.connectors[1].connector["senders"], Json({"shop@example.net"}));
  EXPECT_EQ(made.connectors[2].connector["sender_domains"], Json({"hosted.example"}));
  // Another user on the way of all.
  EXPECT_EQ(made.connectors[3].connector["senders"], Json({"other@example.net"}));
  EXPECT_EQ(made.connectors[3].connector["route"]["smart_hosts"], Json({"[smtp.q.example]:587"}));
  const std::map<std::string, std::string> passwords = {{"/secrets/all-out", "all:three"},
                                                        {"/secrets/shop-example.net-out", "shop:one"},
                                                        {"/secrets/hosted.example-out", "hosted:two"},
                                                        {"/secrets/other-example.net-out", "other:four"}};
  EXPECT_EQ(made.passwords, passwords);
  for (const ImportedConnector& one : made.connectors) {
    for (const auto& property : one.properties) {
      for (const char* secret : {":one", ":two", ":three", ":four", ":y"}) {
        EXPECT_EQ((property.value + property.words).find(secret), std::string::npos) << property.name;
      }
    }
  }
}

TEST_F(PostfixImports, LeavesPasswordsWherePostfixDoesNotLogIn) {
  files["/passwords"] = "[b]:587 user:secret\n";
  const PostfixImport made = import({{"relayhost", "[b]:587"}, {"smtp_sasl_password_maps", "hash:/passwords"}});
  EXPECT_TRUE(made.passwords.empty());
  EXPECT_FALSE(made.connectors[0].connector["route"].contains("credentials"));
}

TEST_F(PostfixImports, GivesAHostThatMxRecordsNameAPort) {
  files["/passwords"] = "smtp.isp.example user:secret\n";
  const Json made = connectors({{"relayhost", "smtp.isp.example"},
                                {"smtp_sasl_auth_enable", "yes"},
                                {"smtp_sasl_password_maps", "hash:/passwords"}});
  EXPECT_EQ(made[0]["route"]["smart_hosts"], Json({"smtp.isp.example:25"}));
}

TEST_F(PostfixImports, TakesPoliciesByNextHop) {
  struct {
    const char* title;
    const char* transport;
    const char* policies;
    Json tls;  // of the first connector; null: none
  } const cases[] = {
      {"of a host", "a.example smtp:[b.example]:25", "[b.example]:25 encrypt", {{"level", "require"}}},
      {"of another spelling", "a.example smtp:[b.example]:25", "[b.example] encrypt", nullptr},
      {"of a domain by MX",
       "a.example smtp:",
       "a.example secure",
       {{"level", "match"}, {"match", {"a.example", ".a.example"}}}},
      {"of the domain above", "x.a.example smtp:", ".a.example dane-only", {{"level", "dane"}}},
      {"opportunistic DANE", "", "a.example dane", {{"level", "opportunistic"}, {"dane", "opportunistic"}}},
      {"of a domain alone",
       "",
       "a.example secure match=b.example:.c.example protocols=>=TLSv1.2",
       {{"level", "match"}, {"match", {"b.example", ".c.example"}}, {"version", "TLSv1.2"}}},
      {"verify", "", "a.example verify tafile=/ca.pem", {{"level", "verify"}, {"ca_file", "/ca.pem"}}},
      {"no equal", "a.example smtp:[b.example]:25", "[b.example]:25 fingerprint match=AA", nullptr},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.title);
    files[transport_file] = one.transport;
    files["/policies"] = one.policies;
    const Json made =
        connectors({{"transport_maps", "hash:" + transport_file}, {"smtp_tls_policy_maps", "hash:/policies"}});
    ASSERT_FALSE(made.empty());
    EXPECT_EQ(made[0].value("tls", Json()), one.tls);
    EXPECT_FALSE(made[0].contains("enabled"));
  }
}

TEST_F(PostfixImports, SaysWhatOpportunisticDaneNeedsOnce) {
  files["/policies"] = "a.example dane\nb.example dane\n";
  const PostfixImport made = import({{"smtp_tls_policy_maps", "hash:/policies"}});
  ASSERT_EQ(made.connectors.size(), 1);
  EXPECT_EQ(made.connectors[0].connector["recipient_domains"], Json({"a.example", "b.example"}));
  ASSERT_EQ(made.connectors[0].warnings.size(), 1);
  EXPECT_THAT(made.connectors[0].warnings[0], testing::HasSubstr("validates DNSSEC"));
}

TEST_F(PostfixImports, NamesWhatTakesAResolversPlace) {
  EXPECT_THAT(report({{"smtp_tls_policy_maps", "socketmap:inet:127.0.0.1:8461:postfix"}}),
              testing::HasSubstr("or [delivery], where it answers what destinations publish"));
}

TEST_F(PostfixImports, DisablesWhereAPolicyWouldBeLost) {
  // connectord asks for the port in digits, so that the entry would not be found any more.
  files[transport_file] = "a.example smtp:[b.example]:submission";
  files["/policies"] = "[b.example]:submission fingerprint match=AA";
  const Json made =
      connectors({{"transport_maps", "hash:" + transport_file}, {"smtp_tls_policy_maps", "hash:/policies"}});
  EXPECT_EQ(made[0]["enabled"], false);
}

TEST_F(PostfixImports, LeavesAPolicyThatNoMailAsksFor) {
  files["/policies"] = "a.example encrypt";
  const Values lines = {{"relayhost", "[b]"}, {"smtp_tls_policy_maps", "hash:/policies"}};
  EXPECT_EQ(connectors(lines).size(), 1);
  EXPECT_THAT(report(lines),
              testing::HasSubstr("left smtp_tls_policy_maps a.example \"encrypt\": no mail has this next hop"));
}

TEST_F(PostfixImports, MakesInboundConnectorsOfKnownClients) {
  const std::string fingerprint(64, 'a');
  files["/etc/postfix/clients"] = "192.0.2.7 OK\n198.51.100 permit\nmail.a.example OK\n203.0.113.9 REJECT no\n";
  files["/etc/postfix/nets"] = "203.0.113.0/24 OK\n";
  files["/etc/postfix/certificates"] = fingerprint + " OK\nAA:BB OK\n";
  const Values lines = {{"smtpd_client_restrictions", "check_client_access hash:/etc/postfix/clients"},
                        {"smtpd_recipient_restrictions",
                         "check_client_access hash:/etc/postfix/clients, check_client_access cidr:/etc/postfix/nets, "
                         "check_ccert_access hash:/etc/postfix/certificates, reject"},
                        {"smtpd_tls_fingerprint_digest", "sha256"}};
  const Json made = connectors(lines);
  ASSERT_EQ(made.size(), 3);
  EXPECT_EQ(made[0]["identify"], Json({{"client_networks", {"192.0.2.7", "198.51.100.0/24"}}}));
  EXPECT_EQ(made[1]["identify"], Json({{"client_networks", {"203.0.113.0/24"}}}));
  EXPECT_EQ(made[2]["identify"]["certificate"]["fingerprints"],
            Json({"sha256:" + fingerprint, "spki-sha256:" + fingerprint}));
  const std::string reported = report(lines);
  EXPECT_THAT(reported, testing::HasSubstr("by hand check_client_access mail.a.example"));
  EXPECT_THAT(reported, testing::HasSubstr("left check_client_access 203.0.113.9"));
  EXPECT_THAT(reported, testing::HasSubstr("by hand check_ccert_access aa:bb"));
}

TEST_F(PostfixImports, TakesTablesOfManyDomains) {
  std::string table;
  for (int i = 0; i < 20'000; ++i) {
    const std::string number = std::to_string(i);
    table += "d" + number + ".example smtp:[h" + number + ".example]\n.e" + number + ".example smtp:[one.example]\n";
  }
  files[transport_file] = table;
  EXPECT_EQ(import(with_transport).connectors.size(), 40'000U) << "each subtree without its domain is by hand";
}

TEST(PostfixProtocols, HaveALowestVersionOrNone) {
  struct {
    const char* text;
    std::optional<std::string> lowest;
  } const cases[] = {
      {">=TLSv1.2", "TLSv1.2"},       {"!SSLv2:!SSLv3", ""},      {"!SSLv2, !SSLv3, !TLSv1, !TLSv1.1", "TLSv1.2"},
      {"TLSv1.2 TLSv1.3", "TLSv1.2"}, {"TLSv1.2", std::nullopt},  {"!TLSv1.2", std::nullopt},
      {"<=TLSv1.2", std::nullopt},    {"nonsense", std::nullopt}, {">=TLSv1", ""}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.text);
    EXPECT_EQ(lowest_protocol(one.text), one.lowest);
  }
}

}  // namespace
}  // namespace connectord::mta
