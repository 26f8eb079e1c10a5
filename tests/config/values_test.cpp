#include <gtest/gtest.h>

#include "problem_cases.h"

namespace connectord::config {
namespace {

using model::TlsVersion;

constexpr std::string_view digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST(ConfigValues, EveryKeyReachesItsPlace) {
  const std::string hex(digits);
  const Loaded loaded = parse_text(R"([server]
authserv_id  = "mail.example.org"
milter       = "inet:127.0.0.1:8891"
policy       = "unix:/run/policy.sock"
user         = "connectord"
socket_group = "mail"
socket_mode  = "0600"
stop_limit   = "1500ms"
[organization]
accepted_domains   = ["example.net", "*.example.net"]
reject_direct_send = true
[tag]
header = "X-Path"
[trace]
store      = "sqlite:/var/lib/connectord/trace.db"
keep       = "30d"
on_failure = "accept"
subject    = true
[[inbound]]
name         = "contoso"
scenario     = "partner"
enabled      = false
mode         = "audit"
trusted_path = true
priority     = 7
comment      = "ticket 4711"
[inbound.identify]
sender_domains  = ["Contoso.com", "*.contoso.com"]
client_networks = ["203.0.113.0/24", "198.51.100.10-198.51.100.20"]
certificate     = { subject = "mail.contoso.com", issuer = "Contoso CA" }
[inbound.require]
tls         = true
tls_version = "TLSv1.2"
[inbound.require.certificate]
subject      = "*.contoso.com"
fingerprints = ["sha256:)" + hex + R"(", "SPKI-SHA256:)" +
                                   hex + R"("]
[log]
target = "stderr"
format = "json"
)");
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  const model::Configuration& configuration = loaded.configuration;
  EXPECT_EQ(configuration.server.authserv_id, "mail.example.org");
  EXPECT_EQ(configuration.server.milter->to_string(), "inet:127.0.0.1:8891");
  EXPECT_EQ(configuration.server.policy->to_string(), "unix:/run/policy.sock");
  EXPECT_EQ(configuration.server.user, "connectord");
  EXPECT_EQ(configuration.server.socket_group, "mail");
  EXPECT_EQ(configuration.server.socket_mode, 0600U);
  EXPECT_EQ(configuration.server.stop_limit.count(), 1500);
  EXPECT_EQ(configuration.organization.accepted_domains.size(), 2U);
  EXPECT_TRUE(configuration.organization.reject_direct_send);
  EXPECT_EQ(configuration.tag.header, "X-Path");
  ASSERT_TRUE(configuration.trace);
  EXPECT_EQ(configuration.trace->file(), "/var/lib/connectord/trace.db");
  EXPECT_EQ(configuration.trace->keep, std::chrono::hours(24 * 30));
  EXPECT_EQ(configuration.trace->on_failure, model::OnTraceFailure::accept);
  EXPECT_TRUE(configuration.trace->subject);
  EXPECT_EQ(configuration.log, (model::Log{model::LogTarget::standard_error, model::LogFormat::json}));
  ASSERT_EQ(configuration.inbound.size(), 1U);
  const model::InboundConnector& connector = configuration.inbound.front();
  EXPECT_EQ(connector.name, "contoso");
  EXPECT_EQ(connector.scenario, model::Scenario::partner);
  EXPECT_FALSE(connector.enabled);
  EXPECT_EQ(connector.mode, model::Mode::audit);
  EXPECT_TRUE(connector.trusted_path);
  EXPECT_EQ(connector.priority, 7);
  EXPECT_EQ(connector.comment, "ticket 4711");
  EXPECT_EQ(connector.identify.sender_domains.front().to_string(), "contoso.com");
  EXPECT_EQ(connector.identify.client_networks.back().to_string(), "198.51.100.10-198.51.100.20");
  EXPECT_EQ(connector.identify.certificate->issuer, "Contoso CA");
  EXPECT_EQ(connector.require.tls_version, TlsVersion::tls1_2);
  EXPECT_EQ(connector.require.certificate->subject->common_name->to_string(), "*.contoso.com");
  const auto& fingerprints = connector.require.certificate->fingerprints;
  ASSERT_EQ(fingerprints.size(), 2U);
  EXPECT_EQ(to_string(fingerprints[0]), "sha256:" + hex);
  EXPECT_EQ(to_string(fingerprints[1]), "spki-sha256:" + hex);
}

TEST(ConfigValues, DefaultsAreThoseOfTheReference) {
  const Loaded written = parse_text(R"([server]
include = []
socket_group = "postfix"
socket_mode = "0660"
stop_limit = "10s"
[organization]
accepted_domains = []
reject_direct_send = false
[tag]
header = "X-Connector"
[log]
target = "auto"
format = "text"
[[inbound]]
name = "a"
scenario = "internet"
enabled = true
mode = "enforce"
trusted_path = false
priority = 100
comment = ""
identify = { sender_domains = ["*"] }
require = { tls = false }
)");
  const Loaded left_out =
      parse_text("[[inbound]]\nname = \"a\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }");
  ASSERT_TRUE(written.ok()) << listed(written.problems);
  ASSERT_TRUE(left_out.ok()) << listed(left_out.problems);
  const model::Server& server = left_out.configuration.server;
  EXPECT_EQ(server.authserv_id, "mx.example.net");
  EXPECT_EQ(server.user, "");
  EXPECT_EQ(written.configuration.server.socket_group, server.socket_group);
  EXPECT_EQ(written.configuration.server.socket_mode, server.socket_mode);
  EXPECT_EQ(written.configuration.server.stop_limit, server.stop_limit);
  EXPECT_EQ(written.configuration.tag.header, left_out.configuration.tag.header);
  EXPECT_EQ(written.configuration.log, left_out.configuration.log);
  EXPECT_EQ(written.configuration.organization.reject_direct_send,
            left_out.configuration.organization.reject_direct_send);
  const model::InboundConnector& a = written.configuration.inbound.front();
  const model::InboundConnector& b = left_out.configuration.inbound.front();
  EXPECT_EQ(a.enabled, b.enabled);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.trusted_path, b.trusted_path);
  EXPECT_EQ(a.priority, b.priority);
  EXPECT_EQ(a.comment, b.comment);
  EXPECT_EQ(a.require.tls, b.require.tls);
}

TEST(ConfigValues, ConnectorsAndCertificatesKnowWhereTheyStand) {
  const Loaded loaded = parse_text(with_server(R"([[inbound]]
name = "a"
scenario = "internet"
identify = { certificate = { subject = "a.example" } }

  [[inbound]]
name = "b"
scenario = "partner"
[inbound.identify.certificate]
subject = "b.example"
[inbound.require]
tls = true
  [inbound.require.certificate]
subject = "b.example"
)"));
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  const auto& inbound = loaded.configuration.inbound;
  EXPECT_EQ(to_string(inbound[0].location), "test.toml:4:1");
  EXPECT_EQ(to_string(inbound[0].identify.certificate->location), "test.toml:7:28");
  EXPECT_EQ(to_string(inbound[1].location), "test.toml:9:3");
  EXPECT_EQ(to_string(inbound[1].identify.certificate->location), "test.toml:12:1");
  EXPECT_EQ(to_string(inbound[1].require.certificate->location), "test.toml:16:3");
  EXPECT_EQ(inbound[0].location.file, inbound[1].location.file);
}

TEST(ConfigValues, AFingerprintMayBeWrittenAsOpensslPrintsIt) {
  std::string colons;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    colons += (i > 0 ? ":" : "") + std::string(digits.substr(i, 2));
  }
  std::transform(colons.begin(), colons.end(), colons.begin(), [](unsigned char c) { return std::toupper(c); });
  const Loaded loaded =
      parse_text(with_server("[[inbound]]\nname = \"a\"\nscenario = \"internet\"\n"
                             "identify = { certificate = { fingerprints = [\"sha256:" +
                             colons + "\"] } }\n"));
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  EXPECT_EQ(loaded.configuration.inbound[0].identify.certificate->fingerprints[0].hex, digits);
}

TEST(ConfigValues, TheServerForOurMailIsTheOneOfServerElseTheOneWhereItWasBefore) {
  const auto server_for = [](const std::string& keys, const std::string& validation) {
    const auto loaded = parse_text("[server]\nmilter = \"unix:/m\"\n" + keys + validation);
    EXPECT_TRUE(loaded.ok());
    return loaded.configuration.mail_through().to_string();
  };
  const std::string before = "[validation]\nmail_through = \"inet:127.0.0.1:26\"\n";
  EXPECT_EQ(server_for("", ""), "inet:127.0.0.1:25");
  EXPECT_EQ(server_for("", before), "inet:127.0.0.1:26");
  EXPECT_EQ(server_for("mail_through = \"inet:127.0.0.1:25\"\n", before), "inet:127.0.0.1:25");
}

}  // namespace
}  // namespace connectord::config
