#include "connectord/simulate/backtest.h"

#include <gtest/gtest.h>

#include "engine/builder.h"
#include "trace/fixture.h"

namespace connectord::simulate {
namespace {

using namespace engine::test;  // NOLINT: short forms of connectors
using trace::test::Mail;
using Connectors = std::vector<model::InboundConnector>;

// "refused contoso.com 203.0.113.7 x2: …" for each group.
std::vector<std::string> lines_of(const Backtest& result) {
  std::vector<std::string> lines;
  for (const ChangedGroup& group : result.groups) {
    lines.push_back(std::string(to_string(group.change)) + " " + group.sender_domain + " " + group.client_address +
                    " x" + std::to_string(group.messages));
  }
  return lines;
}

class BacktestTest : public trace::test::TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    open();
  }
  Backtest replay(const Connectors& draft, const trace::Query& query = {}) {
    const auto now = compile(configuration(running_));
    const auto then = compile(with_draft(configuration(running_), configuration(draft)));
    auto result = backtest(*archive(), query, *now, *then);
    EXPECT_TRUE(result.has_value()) << result.error();
    return result.value_or(Backtest{});
  }

  Connectors running_ = {partner("contoso").from_domains({"contoso.com"}).tls()};
};

TEST_F(BacktestTest, FindsNothingWhereTheDraftSaysTheSame) {
  append(Mail().over("TLSv1.3").of("contoso"));
  append(Mail().refused());
  const Backtest result = replay(running_);
  EXPECT_EQ(result.messages, 2U);
  EXPECT_EQ(result.unlike_then, 0U);
  EXPECT_TRUE(result.groups.empty());
}

TEST_F(BacktestTest, LeavesOutWhatWeTriedOurselves) {
  Mail tried = Mail().refused();
  tried.direction = trace::Direction::validation;
  append(tried);
  EXPECT_EQ(replay({partner("contoso").from_domains({"contoso.com"})}).messages, 0U);
}

TEST_F(BacktestTest, TellsWhoWouldBeRefusedWithExamplesNewestFirst) {
  for (int n = 0; n < 5; ++n) append(Mail().over("TLSv1.3").at(trace::test::noon + n));
  append(Mail().over("TLSv1.3").by_client("198.51.100.1"));
  append(Mail().over("TLSv1.3").from("bob@fabrikam.example"));
  const Backtest result =
      replay({partner("contoso").from_domains({"contoso.com"}).tls().require_networks({"198.51.100.0/24"})});
  EXPECT_EQ(lines_of(result), std::vector<std::string>{"refused contoso.com 203.0.113.7 x5"});
  const auto& examples = result.groups.front().examples;
  ASSERT_EQ(examples.size(), 3U);
  EXPECT_EQ(examples.front().time, trace::test::noon + 4);
  EXPECT_EQ(examples.front().mail_from, "alice@contoso.com");
  EXPECT_EQ(examples.front().rcpt_to, "user@example.net");
  EXPECT_TRUE(examples.front().why.starts_with("550 5.7.")) << examples.front().why;
}

TEST_F(BacktestTest, TellsWhoWouldBeLetInAndWhyNowNot) {
  append(Mail().refused());
  const Backtest result = replay({partner("contoso").from_domains({"contoso.com"})});
  EXPECT_EQ(lines_of(result), std::vector<std::string>{"let_in contoso.com 203.0.113.7 x1"});
  EXPECT_TRUE(result.groups.front().examples.front().why.starts_with("550 5.7.10"));
}

TEST_F(BacktestTest, CountsAMessageOnceHoweverManyRecipientsItHas) {
  append(Mail().to({"a@example.net", "b@example.net"}).refused());
  EXPECT_EQ(replay({partner("contoso").from_domains({"contoso.com"})}).messages, 1U);
}

TEST_F(BacktestTest, ANewConnectorTakesMailFromTheOneThatHadIt) {
  append(Mail().over("TLSv1.3"));
  const Backtest result = replay({partner("office").from_networks({"203.0.113.0/24"})});
  ASSERT_EQ(lines_of(result), std::vector<std::string>{"other_connector contoso.com 203.0.113.7 x1"});
  EXPECT_EQ(result.groups.front().examples.front().connector_now, "contoso");
  EXPECT_EQ(result.groups.front().examples.front().connector_then, "office");
}

TEST_F(BacktestTest, WhatTheTraceLacksCannotBeTold) {
  append(Mail().over("TLSv1.3"));
  model::InboundConnector draft = partner("contoso").from_domains({"contoso.com"}).tls();
  draft.require.spf = model::Requirement::pass;
  const Backtest result = replay({draft});
  EXPECT_EQ(lines_of(result), std::vector<std::string>{"not_known contoso.com 203.0.113.7 x1"});
  EXPECT_TRUE(result.groups.front().examples.front().why.starts_with("require.spf asks for"));
}

TEST_F(BacktestTest, ACertificateOfThePastIsJudgedByItsNamesAndFingerprints) {
  const std::string fingerprint(64, 'a');
  Mail mail;
  mail.over("TLSv1.3");
  mail.facts.certificate.subject_common_name = "mail.contoso.com";
  mail.facts.certificate.issuer_common_name = "Contoso Issuing CA";
  append(mail);
  mail.facts.certificate.sha256 = fingerprint;
  append(mail.by_client("198.51.100.1"));
  const auto required = [](const model::CertificatePattern& pattern) {
    return Connectors{partner("contoso").from_domains({"contoso.com"}).require_certificate(pattern)};
  };
  EXPECT_TRUE(replay(required(certificate("mail.contoso.com", "Contoso Issuing CA"))).groups.empty());
  EXPECT_EQ(replay(required(certificate("mx.contoso.com"))).changes[0], 2U);
  EXPECT_EQ(lines_of(replay(required(certificate("", "", {"sha256:" + fingerprint})))),
            std::vector<std::string>{"not_known contoso.com 203.0.113.7 x1"});
}

TEST_F(BacktestTest, CountsWhatTheRunningConfigurationDecidesOtherwiseThanItWasDecided) {
  append(Mail());  // taken at the time, without TLS
  EXPECT_EQ(replay(running_).unlike_then, 1U);
}

TEST_F(BacktestTest, LooksAtTheMailThatTheQueryFindsOnly) {
  append(Mail().refused());
  append(Mail().refused().at(trace::test::noon + trace::test::hour));
  trace::Query query;
  query.since = trace::test::noon + 1;
  EXPECT_EQ(replay({partner("contoso").from_domains({"contoso.com"})}, query).messages, 1U);
}

TEST_F(BacktestTest, SaysThatItCannotTellWhatOtherGatewaysWouldChange) {
  model::InboundConnector gateway = on_premises("gateway").from_networks({"203.0.113.0/24"});
  running_ = {gateway};
  gateway.enhanced_filtering.emplace().skip_last = true;
  append(Mail().over("TLSv1.3").of("gateway"));
  append(Mail().over("TLSv1.3").by_client("198.51.100.1"));
  const Backtest result = replay({gateway});
  EXPECT_EQ(lines_of(result), std::vector<std::string>{"not_known contoso.com 203.0.113.7 x1"});
  EXPECT_EQ(
      result.groups.front().examples.front().why,
      "enhanced_filtering.skip_last of gateway has another client judged, and the trace does not have who that was");
  gateway.require.tls = true;
  gateway.require.tls_version = model::TlsVersion::tls1_3;
  append(Mail().of("gateway"));
  EXPECT_EQ(replay({gateway}).changes[static_cast<std::size_t>(Change::refused)], 1U) << "whoever the client was";
}

model::Rule rejecting(const std::string& name, const std::function<void(model::RuleConditions&)>& when) {
  model::Rule rule;
  rule.name = name;
  when(rule.when.emplace());
  rule.actions.emplace_back().kind = model::RuleActionKind::reject;
  return rule;
}

TEST_F(BacktestTest, TellsWhatADraftOfARuleWouldMatch) {
  append(Mail().from("eve@lottery.example").queued_as("1").to({"a@example.net", "b@example.net"}));
  append(Mail().from("eve@lottery.example").written_by(" Bob <bob@other.example>").queued_as("2"));
  append(Mail().from("bob@other.example").written_by(" bob@other.example").queued_as("3"));
  model::Configuration draft;
  draft.rules.push_back(rejecting("to b", [](auto& when) { when.recipient = {"b@example.net"}; }));
  draft.rules.push_back(rejecting("by bob", [](auto& when) {
    when.sender = {"bob@other.example"};
    when.sender_location = model::SenderLocation::header;
  }));
  draft.rules.back().priority = 1;
  draft.rules.back().mode = model::Mode::audit;
  const auto now = compile(configuration({}));
  const auto then = compile(with_draft(configuration({}), draft));
  const auto result = backtest(*archive(), {}, *now, *then, {"to b", "by bob"});
  ASSERT_TRUE(result.has_value()) << result.error();
  EXPECT_EQ(result->messages, 3U);
  EXPECT_EQ(result->changes[static_cast<std::size_t>(Change::matched)], 3U);
  std::vector<std::string> reasons;
  for (const ChangedGroup& group : result->groups) {
    for (const Example& example : group.examples) reasons.push_back(example.why);
  }
  std::sort(reasons.begin(), reasons.end());
  EXPECT_EQ(reasons, (std::vector<std::string>{"by bob (audit): reject", "by bob (audit): reject", "to b: reject"}));
}

TEST_F(BacktestTest, RulesThatNoTraceCanAnswerAreLeftOut) {
  model::Configuration both = configuration({});
  both.rules = {rejecting("words", [](auto& when) { when.subject_words = {"x"}; }),
                rejecting("sender", [](auto& when) { when.sender = {"a@b.example"}; })};
  EXPECT_EQ(key_not_in_trace(both.rules[0]), "when.subject_words");
  EXPECT_EQ(key_not_in_trace(both.rules[1]), "");
  const model::Configuration left = without_unknown_rules(both);
  ASSERT_EQ(left.rules.size(), 1U);
  EXPECT_EQ(left.rules[0].name, "sender");
  const auto replaying = policy_for_replay(both);
  ASSERT_TRUE(replaying.policy);
  EXPECT_EQ(replaying.policy->configuration().rules.size(), 1U);
}

}  // namespace
}  // namespace connectord::simulate
