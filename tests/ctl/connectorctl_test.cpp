#include "ctl/connectorctl.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace connectord::ctl {
namespace {

struct Result {
  int status;
  std::string out;
  std::string error;
  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

class ConnectorctlTest : public testing::Test {
 protected:
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("connectorctl-" + std::to_string(::getpid()));

  void SetUp() override {
    std::filesystem::create_directories(folder_);
    write("good.toml", R"(
[server]
milter = "unix:/run/connectord/milter.sock"
policy = "unix:/run/connectord/policy.sock"
[authentication]
spf = false
dkim = false
dmarc = "off"
[[inbound]]
name = "contoso"
scenario = "partner"
comment = "ticket 4711"
[inbound.identify]
sender_domains = ["contoso.com", "*.contoso.com"]
[inbound.require]
tls = true
tls_version = "TLSv1.2"
client_networks = ["203.0.113.0/24"]
[inbound.require.certificate]
fingerprints = ["spki-sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
[[inbound]]
name = "branch"
scenario = "on-premises"
mode = "audit"
[inbound.identify]
client_networks = ["198.51.100.7"]
)");
    write("outbound.toml", R"(
[server]
milter = "unix:/run/connectord/milter.sock"
socketmap = "unix:/run/connectord/socketmap.sock"
[organization]
accepted_domains = ["example.net", "*.example.org", "relay.contoso.com"]
[authentication]
spf = false
dkim = false
dmarc = "off"
[[inbound]]
name = "branch"
scenario = "on-premises"
[inbound.identify]
client_networks = ["198.51.100.7"]
[[outbound]]
name = "contoso-out"
scenario = "partner"
recipient_domains = ["contoso.com", "*.contoso.com"]
[outbound.route]
smart_hosts = ["[mx1.contoso.com]:25", "[2001:db8::1]"]
credentials = "/nowhere/secret"
[outbound.tls]
level = "match"
match = ["mx.contoso.com"]
version = "TLSv1.2"
[[outbound]]
name = "by-mx"
scenario = "partner"
recipient_domains = ["*.fabrikam.com"]
[outbound.tls]
level = "require"
[[outbound]]
name = "all"
scenario = "internet"
recipient_domains = ["*"]
[outbound.route]
smart_hosts = ["[gw.example]:587"]
[[outbound]]
name = "branch"
scenario = "on-premises"
inbound_connectors = ["branch"]
[outbound.route]
smart_hosts = ["[relay.branch]"]
)");
    write("bad.toml", "[server]\nmilter = \"unix:/run/m\"\nmliter = 1\n[[inbound]]\nname = \"x\"\n");
    write("message", "X-Connector: forged\nx-connector:\n forged too\nSubject: x\n\nX-Connector: in the body\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  std::string path(const std::string& name) const { return folder_ / name; }

  static Result run(std::vector<std::string> arguments, const std::string& input = "") {
    std::vector<const char*> argv = {"connectorctl"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream error;
    std::istringstream in(input);
    const Status status = ctl::run(static_cast<int>(argv.size()), argv.data(), {out, error, in});
    return {static_cast<int>(status), out.str(), error.str()};
  }
  Result explain(std::vector<std::string> arguments, const std::string& input = "") const {
    std::vector<std::string> all = {"explain", "--json",           "--config",  path("good.toml"),
                                    "--helo",  "mail.contoso.com", "--rcpt-to", "user@example.net"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run(all, input);
  }
};

TEST_F(ConnectorctlTest, CheckTellsEverythingThatIsWrong) {
  const Result good = run({"check", "--config", path("good.toml")});
  EXPECT_EQ(good.status, 0) << good.error;
  EXPECT_NE(good.out.find("good, 2 inbound connectors"), std::string::npos) << good.out;
  const Result bad = run({"check", "--config", path("bad.toml")});
  EXPECT_EQ(bad.status, 1);
  EXPECT_NE(bad.error.find("bad.toml:3:1: error: server.mliter"), std::string::npos) << bad.error;
  EXPECT_NE(bad.error.find("milter"), std::string::npos) << bad.error;
  EXPECT_NE(bad.error.find("scenario"), std::string::npos) << bad.error;
  const Result json = run({"check", "--json", "--config", path("bad.toml")});
  EXPECT_EQ(json.status, 1);
  EXPECT_EQ(json.json()["ok"], false);
  EXPECT_EQ(json.json()["problems"][0]["line"], 3);
}

TEST_F(ConnectorctlTest, CheckWarnsOfAMailLogThatCannotBeRead) {
  write("log.toml", "[server]\nmilter = \"unix:/run/m\"\n[trace]\nstore = \"sqlite:/nowhere/trace.db\"\nmail_log = \"" +
                        path("mail.log") + "\"\n");
  const Result missing = run({"check", "--config", path("log.toml")});
  EXPECT_EQ(missing.status, 0) << missing.error;
  EXPECT_NE(missing.error.find("warning: trace.mail_log: cannot be read: "), std::string::npos) << missing.error;
  write("mail.log", "");
  const Result there = run({"check", "--config", path("log.toml")});
  EXPECT_EQ(there.error.find("mail_log"), std::string::npos) << there.error;
}

TEST_F(ConnectorctlTest, CommonOptionsMayStandBeforeTheCommand) {
  const Result after = run({"list", "--json", "--config", path("good.toml")});
  ASSERT_EQ(after.status, 0) << after.error;
  EXPECT_EQ(run({"--config", path("good.toml"), "--json", "list"}).out, after.out);
  EXPECT_EQ(run({"--config", path("missing.toml"), "list", "--json", "--config", path("good.toml")}).out, after.out);
  EXPECT_EQ(run({"--config", path("missing.toml"), "list"}).status, 1);
}

TEST_F(ConnectorctlTest, WrongUsageIsToldApartFromWrongInput) {
  EXPECT_EQ(run({}).status, 2);
  EXPECT_EQ(run({"frobnicate"}).status, 2);
  EXPECT_EQ(run({"check", "--nonsense"}).status, 2);
  EXPECT_EQ(run({"show"}).status, 2);
  EXPECT_EQ(run({"explain", "--client-ip", "192.0.2.1"}).status, 2);
  EXPECT_EQ(run({"--help"}).status, 0);
  EXPECT_EQ(run({"list", "--config", path("missing.toml")}).status, 1);
  EXPECT_EQ(run({"show", "nobody", "--config", path("good.toml")}).status, 1);
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"--client-ip", "300.1.1.1", "--mail-from", "a@b.example"},
           {"--client-ip", "192.0.2.1", "--mail-from", "a@b.example", "--tls", "TLS13"},
           {"--client-ip", "192.0.2.1", "--mail-from", "a@b.example", "--tls", "TLSv1.3", "--cert-fingerprint", "12"},
           {"--client-ip", "192.0.2.1", "--mail-from", "a@b.example", "--cert-subject", "x"},
           {"--client-ip", "192.0.2.1", "--mail-from", "a@b.example", "--at", "yesterday-ish"},
           {"--client-ip", "192.0.2.1", "--mail-from", "a@b.example", "--message", path("missing")}}) {
    const Result result = explain(wrong);
    EXPECT_EQ(result.status, 1) << wrong.back();
    EXPECT_FALSE(result.error.empty());
  }
}

TEST_F(ConnectorctlTest, ListHasAColumnForEachOfTheQuestions) {
  const Result text = run({"list", "--config", path("good.toml")});
  for (const char* word : {"NAME", "DIRECTION", "SCENARIO", "STATUS", "TLS", "SENDER DOMAIN/IP",
                           "contoso.com, *.contoso.com", "198.51.100.7", "enabled (audit)", "TLSv1.2 or later"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word << "\n" << text.out;
  }
  const Result json = run({"list", "--json", "--config", path("good.toml")});
  EXPECT_EQ(json.json().size(), 2U);
  EXPECT_EQ(json.json()[0]["name"], "contoso");
  EXPECT_EQ(json.json()[0]["direction"], "inbound");
}

TEST_F(ConnectorctlTest, ShowHasTheKeysOfTheToml) {
  const auto object = run({"show", "contoso", "--json", "--config", path("good.toml")}).json();
  EXPECT_EQ(object["require"]["tls_version"], "TLSv1.2");
  EXPECT_EQ(object["identify"]["sender_domains"][1], "*.contoso.com");
  EXPECT_EQ(object["comment"], "ticket 4711");
}

TEST_F(ConnectorctlTest, ExplainGoesTheWayOfARealMessage) {
  const std::string key(64, 'a');
  const auto good =
      explain({"--client-ip", "203.0.113.9", "--client-port", "4711", "--mail-from", "a@contoso.com", "--tls",
               "TLSv1.3", "--cert-fingerprint", "spki-sha256:" + key, "--message", path("message")})
          .json();
  EXPECT_EQ(good["connector"], "contoso");
  EXPECT_EQ(good["action"], "accept");
  EXPECT_TRUE(good["reply"].is_null());
  ASSERT_EQ(good["headers"].size(), 3U) << "two forged tags out, ours in";
  EXPECT_EQ(good["headers"][0]["position"], 2);
  EXPECT_EQ(good["headers"][2]["value"], "contoso");
  const auto refused = explain({"--client-ip", "203.0.113.9", "--mail-from", "a@contoso.com"}).json();
  EXPECT_EQ(refused["action"], "reject");
  EXPECT_TRUE(refused["reply"].get<std::string>().starts_with("550 5.7.10 "));
  EXPECT_EQ(refused["findings"][1]["check"], "require.tls");
  EXPECT_EQ(refused["findings"][1]["outcome"], "fail");
  const auto nobody = explain({"--client-ip", "192.0.2.1", "--mail-from", ""}).json();
  EXPECT_TRUE(nobody["connector"].is_null());
  const auto piped =
      explain({"--client-ip", "192.0.2.1", "--mail-from", "a@x.example", "--message", "-"}, "X-Connector: a\n\n")
          .json();
  EXPECT_EQ(piped["headers"].size(), 1U);
}

TEST_F(ConnectorctlTest, ListAndShowHaveBothDirections) {
  const auto list = run({"list", "--json", "--config", path("outbound.toml")}).json();
  ASSERT_EQ(list.size(), 5U);
  EXPECT_EQ(list[1]["direction"], "outbound");
  EXPECT_EQ(list[1]["tls"], "match, TLSv1.2 or later");
  EXPECT_EQ(list[4]["destination"], "* (mail of branch)");
  EXPECT_EQ(run({"show", "all", "--json", "--config", path("outbound.toml")}).json()["direction"], "outbound");
  const auto both = run({"show", "branch", "--json", "--config", path("outbound.toml")}).json();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0]["direction"], "inbound");
  EXPECT_EQ(both[1]["direction"], "outbound");
  const auto one =
      run({"show", "branch", "--direction", "outbound", "--json", "--config", path("outbound.toml")}).json();
  EXPECT_EQ(one["route"]["smart_hosts"][0], "[relay.branch]");
}

TEST_F(ConnectorctlTest, MapsSayWhatATableCan) {
  const auto table = [this](const std::string& name) {
    std::string rows;
    const auto object = run({"maps", name, "--json", "--config", path("outbound.toml")}).json();
    for (const auto& row : object[name]["rows"]) {
      rows += row["key"].get<std::string>() + "=" + row["value"].get<std::string>() + "\n";
    }
    return rows;
  };
  // Beside these, this host's own names.
  const std::string transport = table("transport");
  for (const char* row : {"*=smtp:[gw.example]:587\n", "contoso.com=smtp:[mx1.contoso.com]:25, [2001:db8::1]\n",
                          ".contoso.com=smtp:[mx1.contoso.com]:25, [2001:db8::1]\n", "example.net=:\n",
                          "example.org=:\n", ".example.org=:\n", "fabrikam.com=smtp:\n", ".fabrikam.com=smtp:\n",
                          "localhost=:\n", "relay.contoso.com=:\n"}) {
    EXPECT_NE(transport.find(row), std::string::npos) << row << "\n" << transport;
  }
  const std::string policy = "secure match=mx.contoso.com protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1\n";
  EXPECT_EQ(table("tls_policy"), "[mx1.contoso.com]:25=" + policy + "[2001:db8::1]=" + policy +
                                     "fabrikam.com=encrypt\n.fabrikam.com=encrypt\n");
  EXPECT_EQ(table("header_checks"), "/^X-Connector-Route: branch$/=FILTER smtp:[relay.branch]\n");
  EXPECT_EQ(table("sasl"), "");
  EXPECT_EQ(table("mailertable"),
            ".=error:4.3.5:451 no mailer for this domain\n"
            "contoso.com=esmtp:[mx1.contoso.com]:[IPv6:2001:db8::1]\n"
            ".contoso.com=esmtp:[mx1.contoso.com]:[IPv6:2001:db8::1]\n"
            "fabrikam.com=esmtp:fabrikam.com\n"
            ".fabrikam.com=esmtp:%1.fabrikam.com\n");
  const Result whole = run({"maps", "--config", path("outbound.toml")});
  for (const char* part : {"/^X-Connector-Route: branch$/\tFILTER smtp:[relay.branch]",
                           "# write: [mx1.contoso.com]:25 and what is in /nowhere/secret",
                           "# connector all: Sendmail cannot be told of another port than 25: [gw.example]:587"}) {
    EXPECT_NE(whole.out.find(part), std::string::npos) << part << "\n" << whole.out;
  }
  EXPECT_EQ(run({"maps", "nonsense", "--config", path("outbound.toml")}).status, 2);
}

TEST_F(ConnectorctlTest, ExplainShowsHowEachRecipientsMailLeaves) {
  const auto explain_from = [this](const std::string& client, const std::vector<std::string>& recipients) {
    std::vector<std::string> arguments = {"explain",     "--json", "--config",    path("outbound.toml"),
                                          "--client-ip", client,   "--mail-from", "a@example.net"};
    for (const auto& recipient : recipients) arguments.insert(arguments.end(), {"--rcpt-to", recipient});
    return run(arguments).json();
  };
  const auto each = explain_from("192.0.2.1", {"b@contoso.com", "c@example.net"});
  EXPECT_TRUE(each["outbound_connector"].is_null());
  EXPECT_EQ(each["routes"][0]["connector"], "contoso-out");
  EXPECT_EQ(each["routes"][0]["next_hop"], "smtp:[mx1.contoso.com]:25, [2001:db8::1]");
  EXPECT_EQ(each["routes"][0]["tls"], "secure match=mx.contoso.com protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1");
  EXPECT_TRUE(each["routes"][1]["connector"].is_null());
  const auto whole = explain_from("198.51.100.7", {"b@contoso.com", "c@x.example"});
  EXPECT_EQ(whole["outbound_connector"], "branch");
  EXPECT_EQ(whole["routes"][1]["next_hop"], "smtp:[relay.branch]");
  EXPECT_TRUE(whole["routes"][1]["tls"].is_null());
}

}  // namespace
}  // namespace connectord::ctl
