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

}  // namespace
}  // namespace connectord::simulate
