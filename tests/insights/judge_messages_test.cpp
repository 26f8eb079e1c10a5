#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "insights/made_up_weeks.h"

namespace connectord::insights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MadeUpWeeks;
using testing::monday;
using ::testing::SizeIs;

// Of a day, with our own domain example.net, and a connector that has mail.
class MessageInsights : public ::testing::Test {
 protected:
  MessageInsights() {
    day_.configuration().organization.accepted_domains = {net::DomainPattern::parse("example.net").value()};
    day_.configuration().inbound.clear();
  }

  static trace::Message from(const std::string& sender, model::Action action = model::Action::accept) {
    trace::Message made;
    made.mail_from = sender;
    made.action = action;
    made.client_address = "203.0.113.9";
    made.message_id = "<" + std::to_string(++last_id_) + "@x>";
    return made;
  }

  static inline int last_id_ = 0;
  MadeUpWeeks day_{monday};
};

TEST_F(MessageInsights, OfOrdinaryMailTellNothing) {
  for (int i = 0; i < 50; ++i) day_.message(from("alice@contoso.com"));
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(MessageInsights, NameOurOwnDomainFromOutside) {
  day_.message(from("ceo@Example.NET")).message(from("x@example.net"));
  ASSERT_THAT(day_.ids(), ElementsAre("own_domain_from_outside:example.net"));
  const Insight insight = day_.judged().front();
  EXPECT_EQ(insight.evidence.front().count, 2U);
  EXPECT_THAT(insight.examples, ElementsAre("1", "2"));
  EXPECT_THAT(insight.write, HasSubstr("reject_direct_send = true"));
}

TEST_F(MessageInsights, TakeNeitherUsersNorConnectorsNorRefusalsForOutside) {
  trace::Message user = from("a@example.net");
  user.sasl_username = "a";
  trace::Message relay = from("b@example.net");
  relay.connector = "relay";
  trace::Message leaving = from("c@example.net");
  leaving.direction = trace::Direction::outbound;
  day_.message(user).message(relay).message(leaving).message(from("d@example.net", model::Action::reject));
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(MessageInsights, NameAMessageThatGoesInACircle) {
  for (int i = 0; i < 4; ++i) {
    trace::Message again = from("a@contoso.com");
    again.message_id = "<loop@contoso.com>";
    day_.message(again);
  }
  EXPECT_THAT(day_.ids(), IsEmpty());
  trace::Message fifth = from("a@contoso.com");
  fifth.message_id = "<loop@contoso.com>";
  day_.message(fifth);
  ASSERT_THAT(day_.ids(), SizeIs(1));
  EXPECT_EQ(day_.judged().front().name, "mail_loop");
  EXPECT_EQ(day_.judged().front().severity, Severity::critical);
  // Its id is fit for a path.
  EXPECT_EQ(day_.ids().front().find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_:"), std::string::npos);
}

TEST_F(MessageInsights, QuoteWhatAStrangerWroteForTheShellThatItIsPastedInto) {
  for (int i = 0; i < 5; ++i) {
    trace::Message again = from("a@contoso.com");
    again.message_id = "<a'; id; '@contoso.com>";
    day_.message(again);
  }
  ASSERT_THAT(day_.ids(), SizeIs(1));
  EXPECT_EQ(day_.judged().front().write, "connectorctl trace --message-id '<a'\\''; id; '\\''@contoso.com>'");
}

TEST_F(MessageInsights, CountAMessageOnceForItsManyRecipients) {
  trace::Message one = from("a@contoso.com");
  one.message_id = "<list@contoso.com>";
  for (int i = 0; i < 9; ++i) day_.message(one, "user" + std::to_string(i) + "@example.net");
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(MessageInsights, GroupRefusalsByTheirCode) {
  for (int i = 0; i < 12; ++i) {
    trace::Message refused = from("a@contoso.com", model::Action::reject);
    refused.reply = i < 10 ? "550 5.7.10 TLS is required" : "550 5.1.1 no such user";
    day_.message(refused);
  }
  ASSERT_THAT(day_.ids(), ElementsAre("refusals_by_code:5.7.10"));
  const Insight insight = day_.judged().front();
  EXPECT_EQ(insight.evidence.front().count, 10U);
  EXPECT_EQ(insight.evidence.front().all, 12U);
  EXPECT_THAT(insight.examples, SizeIs(3));
}

TEST_F(MessageInsights, TakeAReplyWithoutAnEnhancedCodeToo) {
  for (int i = 0; i < 10; ++i) {
    trace::Message refused = from("a@contoso.com", model::Action::reject);
    refused.reply = i < 5 ? "550 no" : "550";
    day_.message(refused);
  }
  EXPECT_THAT(day_.ids(), ElementsAre("refusals_by_code:550"));
}

TEST_F(MessageInsights, GroupBouncesByTheirCode) {
  for (int i = 0; i < 5; ++i) day_.seen().bounces.push_back({i, "5.1.1", "550 5.1.1 no such user"});
  day_.seen().bounces.push_back({9, "5.2.2", "552 full"});
  ASSERT_THAT(day_.ids(), ElementsAre("bounces_by_code:5.1.1"));
  EXPECT_EQ(day_.judged().front().evidence.front().all, 6U);
}

TEST_F(MessageInsights, TellWhatDmarcWouldRefuseWhereItOnlyReports) {
  for (int i = 0; i < 5; ++i) {
    trace::Message failing = from("a@contoso.com");
    failing.authentication.dmarc.emplace();
    failing.authentication.dmarc->result = model::DmarcResult::fail;
    failing.authentication.dmarc->policy = model::DmarcPolicy::reject;
    day_.message(failing);
  }
  EXPECT_THAT(day_.ids(), IsEmpty());
  day_.configuration().authentication.dmarc = model::DmarcMode::report;
  EXPECT_THAT(day_.ids(), ElementsAre("dmarc_would_refuse:203.0.113.9"));
}

TEST_F(MessageInsights, NameRulesThatAreSlowOrCannotBeAsked) {
  for (int i = 0; i < 3; ++i) {
    trace::Message slow = from("a@contoso.com");
    model::RuleHit hit;
    hit.rule = "big words";
    hit.microseconds = 1'200'000;
    slow.rules = {hit};
    day_.message(slow);
  }
  trace::Message skipped = from("a@contoso.com");
  model::RuleHit hit;
  hit.rule = "groups";
  hit.matched = false;
  hit.skipped_because = "/etc/connectord/groups/legal is gone";
  skipped.rules = {hit};
  day_.message(skipped);
  EXPECT_THAT(day_.ids(), ElementsAre("rule_not_asked:groups", "rule_slow:big words"));
}

}  // namespace
}  // namespace connectord::insights
