#include <gtest/gtest.h>

#include "auth/dkim_signing.h"
#include "connectord/session/session.h"
#include "dns/zone.h"
#include "engine/builder.h"
#include "log/recording_log.h"

namespace connectord::session {
namespace {

using namespace engine::test;  // NOLINT: short forms of connectors

class AuthenticatedSessionTest : public testing::Test {
 protected:
  dns::testing::Zone zone_;
  runtime::LiveSessions live_;
  test::RecordingLog log_;
  InFlight intake_;

  void SetUp() override {
    zone_.txt("contoso.com", "v=spf1 ip4:203.0.113.0/24 -all")
        .txt("_dmarc.contoso.com", "v=DMARC1; p=reject")
        .txt("lists.example", "v=spf1 ip4:198.51.100.0/24 -all")
        .txt("_dmarc.quarantined.example", "v=DMARC1; p=quarantine")
        .timeout("slow.example")
        .timeout("_dmarc.slow.example");
  }

  // Plays one message and gives back how it ended.
  EndOfMessageResult play(const std::string& client, const std::string& sender,
                          const std::vector<std::pair<std::string, std::string>>& headers,
                          model::Configuration configuration = engine::test::configuration({}),
                          const std::string& user = "") {
    configuration.authentication = settings_;
    configuration.server.authserv_id = "mx.example.net";
    configuration.dns.budget = std::chrono::milliseconds(0);
    runtime::PolicyStore policies(engine::test::compile(std::move(configuration)),
                                  std::make_shared<dns::testing::ZoneResolver>(zone_));
    Session session({policies, live_, log_, [] { return std::int64_t{1'750'000'000}; }}, intake_);
    session.connected({"client.example", net::IpAddress::parse(client), 25000, 25, false});
    session.helo("client.example");
    session.mail_from("<" + sender + ">", user);
    session.rcpt_to("<user@example.net>", "");
    for (const auto& [name, value] : headers) session.header(name, " " + value);
    session.end_of_headers();
    session.body("Hello\r\n");
    return session.end_of_message("4X");
  }
  static std::string inserted(const EndOfMessageResult& ending, const std::string& name) {
    for (const auto& change : ending.header_changes) {
      if (change.kind == model::HeaderChange::Kind::insert && change.name == name) return change.value;
    }
    return {};
  }

  model::AuthenticationSettings settings_;
};

TEST_F(AuthenticatedSessionTest, RefusesWhomTheAuthorDomainDoesNotKnow) {
  const auto good = play("203.0.113.9", "a@contoso.com", {{"From", "A <a@contoso.com>"}});
  EXPECT_EQ(summary(good.decision), "accept -");
  const std::string results = inserted(good, "Authentication-Results");
  EXPECT_TRUE(results.starts_with("mx.example.net;")) << results;
  EXPECT_NE(results.find("spf=pass"), std::string::npos) << results;
  EXPECT_NE(results.find("dmarc=pass"), std::string::npos) << results;
  const auto forged = play("192.0.2.1", "a@contoso.com", {{"From", "A <a@contoso.com>"}});
  EXPECT_EQ(summary(forged.decision), "550 5.7.1 -");
  EXPECT_EQ(summary(play("192.0.2.1", "x@evil.example", {{"From", "a@contoso.com"}}).decision), "550 5.7.1 -");
  EXPECT_EQ(summary(play("192.0.2.1", "", {{"From", "a@contoso.com"}}).decision), "550 5.7.1 -");
}

TEST_F(AuthenticatedSessionTest, RefusesAFromThatCanBeReadInTwoWaysWhereOneHasAPolicy) {
  const auto two = play("203.0.113.9", "a@contoso.com", {{"From", "a@contoso.com"}, {"from ", "b@other.example"}});
  EXPECT_EQ(summary(two.decision), "550 5.7.1 -");
  EXPECT_NE(two.decision.reply->text.find("From"), std::string::npos) << two.decision.reply->text;
  EXPECT_EQ(summary(play("203.0.113.9", "x@evil.example",
                         {{"From", "x@evil.example"}, {"From", "y@evil.example"}, {"From", "a@contoso.com"}})
                        .decision),
            "550 5.7.1 -")
      << "the third field names whom it forges";
  EXPECT_EQ(summary(play("192.0.2.1", "x@evil.example", {{"From", "a@other.example, b@slow.example"}}).decision),
            "451 4.7.1 -");
  const auto without = play("192.0.2.1", "x@evil.example", {{"From", "a@other.example, b@evil.example"}});
  EXPECT_EQ(summary(without.decision), "accept -");
  const std::string results = inserted(without, "Authentication-Results");
  EXPECT_NE(results.find("dmarc=none"), std::string::npos) << results;
  EXPECT_EQ(results.find("header.from"), std::string::npos) << results;
  const auto lines = log_.lines();
  EXPECT_NE(lines.back().find("author=\"From field: mailboxes of several domains"), std::string::npos) << lines.back();
}

TEST_F(AuthenticatedSessionTest, TakesForTheAuthorOfMailThatNamesNobodyWhomMailServersPutThere) {
  EXPECT_EQ(summary(play("203.0.113.9", "a@contoso.com", {}).decision), "accept -");
  EXPECT_EQ(summary(play("192.0.2.1", "a@contoso.com", {}).decision), "550 5.7.1 -");
  EXPECT_EQ(summary(play("192.0.2.1", "", {}).decision), "accept -") << "nobody has a policy";
  EXPECT_EQ(summary(play("192.0.2.1", "x@evil.example", {{"From", "root (Cron Daemon)"}}).decision), "accept -");
  zone_.txt("_dmarc.example.net", "v=DMARC1; p=reject");
  EXPECT_EQ(summary(play("192.0.2.1", "x@evil.example", {{"From", "ceo"}}).decision), "550 5.7.1 -")
      << "a mail server behind us would make one of our own addresses of it";
}

TEST_F(AuthenticatedSessionTest, DefersWhatDnsDoesNotTell) {
  EXPECT_EQ(summary(play("203.0.113.9", "a@slow.example", {{"From", "a@slow.example"}}).decision), "451 4.7.1 -");
}

TEST_F(AuthenticatedSessionTest, HoldsWhatTheDomainWantsQuarantined) {
  const auto held = play("192.0.2.1", "a@x.example", {{"From", "a@quarantined.example"}});
  EXPECT_EQ(held.answer.action, model::Action::quarantine);
  EXPECT_NE(held.answer.quarantine.find("quarantined.example"), std::string::npos);
  settings_.quarantine = model::Quarantine::header;
  const auto marked =
      play("192.0.2.1", "a@x.example", {{"From", "a@quarantined.example"}, {"X-Connector-Quarantine", "no"}});
  EXPECT_EQ(marked.answer.action, model::Action::accept);
  EXPECT_NE(inserted(marked, "X-Connector-Quarantine").find("quarantined.example"), std::string::npos);
}

TEST_F(AuthenticatedSessionTest, LeavesSubmissionsUncheckedAndStillRemovesForgeries) {
  const auto ending = play("192.0.2.1", "a@contoso.com",
                           {{"Authentication-Results", "mx.example.net; dmarc=pass"},
                            {"Authentication-Results", "other.example; dmarc=pass"},
                            {"authentication-results", "MX.example.NET; dkim=pass"}},
                           configuration({}), "alice");
  EXPECT_EQ(summary(ending.decision), "accept -");
  std::vector<std::uint32_t> removed;
  for (const auto& change : ending.header_changes) removed.push_back(change.position);
  EXPECT_EQ(removed, (std::vector<std::uint32_t>{3, 1})) << "ours, the last first; another's stays";
}

TEST_F(AuthenticatedSessionTest, RefusesMoreResultsInOurNameThanAnHonestMessageHas) {
  const auto of = [this](std::size_t ours, std::size_t others) {
    std::vector<std::pair<std::string, std::string>> headers(others,
                                                             {"Authentication-Results", "x.example; dmarc=pass"});
    headers.insert(headers.end(), ours, {"Authentication-Results", "mx.example.net; dmarc=pass"});
    return play("192.0.2.1", "a@contoso.com", headers, configuration({}), "alice");
  };
  EXPECT_EQ(summary(of(51, 0).decision), "550 5.6.0 -");
  EXPECT_EQ(summary(of(1, 1000).decision), "accept -") << "another's are none of ours";
  const auto ending = of(50, 3);
  ASSERT_EQ(ending.header_changes.size(), 50U);
  EXPECT_EQ(ending.header_changes.front().position, 53U);
  EXPECT_EQ(ending.header_changes.back().position, 4U);
}

TEST_F(AuthenticatedSessionTest, JudgesTheOriginalClientBehindAGateway) {
  model::InboundConnector gateway = internet("gateway").from_networks({"192.0.2.10"});
  gateway.enhanced_filtering.emplace().skip_networks = networks({"192.0.2.0/24"});
  gateway.enhanced_filtering->skip_spam_filtering = true;
  const std::string hop =
      "from mail.contoso.com (mail.contoso.com [203.0.113.9]) by gw.example.net (Postfix) with ESMTPS id 4A; "
      "Sat, 21 Nov 2026 12:00:00 +0000";
  const auto ending =
      play("192.0.2.10", "a@contoso.com", {{"Received", hop}, {"From", "a@contoso.com"}}, configuration({gateway}));
  EXPECT_EQ(summary(ending.decision), "accept gateway");
  EXPECT_EQ(inserted(ending, "X-Connector-Original-Client"), "203.0.113.9");
  EXPECT_EQ(inserted(ending, "X-Connector-Skip-Spam-Filtering"), "yes");
  ASSERT_NE(find(ending.decision, "dmarc.without_skipping"), nullptr);
  EXPECT_NE(find(ending.decision, "dmarc.without_skipping")->seen.find("fail"), std::string::npos);
  const auto lines = log_.lines();
  EXPECT_NE(lines.back().find("original_client=203.0.113.9, direct_spf=fail, direct_dmarc=fail, spf=pass"),
            std::string::npos)
      << lines.back();

  const auto forged = play("192.0.2.10", "a@contoso.com", {{"From", "a@contoso.com"}}, configuration({gateway}));
  EXPECT_EQ(summary(forged.decision), "550 5.7.1 gateway") << "the gateway says of nobody where this came from";
  const auto stranger =
      play("198.51.100.1", "a@contoso.com", {{"Received", hop}, {"From", "a@contoso.com"}}, configuration({gateway}));
  EXPECT_EQ(summary(stranger.decision), "550 5.7.1 -") << "a Received field of a stranger's own";

  gateway.enhanced_filtering->recipients = {"pilot@example.net"};
  EXPECT_EQ(summary(play("192.0.2.10", "a@contoso.com", {{"Received", hop}, {"From", "a@contoso.com"}},
                         configuration({gateway}))
                        .decision),
            "550 5.7.1 gateway")
      << "not all recipients are in the pilot group";
  EXPECT_EQ(inserted(play("192.0.2.10", "a@contoso.com", {{"From", "a@x.example"}}, configuration({gateway})),
                     "X-Connector-Skip-Spam-Filtering"),
            "");
  gateway.enhanced_filtering->recipients = {"User@Example.net"};
  EXPECT_EQ(summary(play("192.0.2.10", "a@contoso.com", {{"Received", hop}, {"From", "a@contoso.com"}},
                         configuration({gateway}))
                        .decision),
            "accept gateway");
}

TEST_F(AuthenticatedSessionTest, WritesReceivedSpfOnRequest) {
  EXPECT_EQ(inserted(play("203.0.113.9", "a@contoso.com", {{"From", "a@contoso.com"}}), "Received-SPF"), "");
  settings_.received_spf = true;
  EXPECT_TRUE(
      inserted(play("203.0.113.9", "a@contoso.com", {{"From", "a@contoso.com"}}), "Received-SPF").starts_with("pass"));
}

TEST_F(AuthenticatedSessionTest, DefersWhereTheConnectionWasToldToLeaveBodiesOut) {
  auto made = configuration({});
  made.authentication = {};
  runtime::PolicyStore policies(engine::test::compile(made), std::make_shared<dns::testing::ZoneResolver>(zone_));
  Session session({policies, live_, log_, [] { return std::int64_t{0}; }}, intake_);
  session.set_has_body(false);
  session.connected({"client.example", net::IpAddress::parse("203.0.113.9"), 25000, 25, false});
  EXPECT_EQ(session.mail_from("<a@contoso.com>", "").reply->enhanced, "4.3.2");
}

}  // namespace
}  // namespace connectord::session
