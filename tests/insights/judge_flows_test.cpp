#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "insights/made_up_weeks.h"

namespace connectord::insights {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::hour_seconds;
using ::testing::IsEmpty;
using testing::MadeUpWeeks;
using testing::monday;
using testing::office_hours;

constexpr std::int64_t four_weeks = 28 * 24;

trace::Flow flow(std::uint64_t messages, model::Action action = model::Action::accept,
                 const std::string& tls = "TLSv1.3") {
  trace::Flow made;
  made.messages = messages;
  made.action = action;
  made.tls = tls;
  return made;
}

TEST(FlowInsights, OfWeeksLikeTheOthersTellNothing) {
  MadeUpWeeks weeks(monday + 9 * hour_seconds);
  weeks.mail(flow(5), four_weeks, 0, office_hours);
  EXPECT_THAT(weeks.ids(), IsEmpty());
}

TEST(FlowInsights, TakeNoNightAndNoWeekendForSilence) {
  // Monday, an hour before the first mail: since Friday evening there was none.
  MadeUpWeeks weeks(monday + 7 * hour_seconds);
  weeks.mail(flow(5), four_weeks, 0, office_hours);
  EXPECT_THAT(weeks.ids(), IsEmpty());
}

TEST(FlowInsights, NameAPartnerWhoseMailHasStopped) {
  // Friday noon, and none since Monday evening.
  MadeUpWeeks weeks(monday + (4 * 24 + 12) * hour_seconds);
  weeks.mail(flow(5), four_weeks, 3 * 24 + 18, office_hours);
  // The longest pause before was a weekend of 62 hours; this one is longer than three halves of it only on Friday
  // evening.
  EXPECT_THAT(weeks.ids(), IsEmpty());
  MadeUpWeeks later(monday + (4 * 24 + 18) * hour_seconds);
  later.mail(flow(5), four_weeks, 4 * 24, office_hours);
  ASSERT_THAT(later.ids(), ElementsAre("partner_silent:contoso"));
  const Insight insight = later.judged().front();
  EXPECT_EQ(insight.severity, Severity::warning);
  EXPECT_THAT(insight.what, HasSubstr("no mail of contoso since"));
  EXPECT_EQ(insight.search.front().second, "contoso");
  EXPECT_GT(insight.evidence.front().count, 90U);
}

TEST(FlowInsights, DoNotKnowTheHabitOfAPartnerWithLittleMail) {
  MadeUpWeeks weeks(monday);
  weeks.mail(flow(1), 20 * 24, 20 * 24 - 5);
  EXPECT_THAT(weeks.ids(), IsEmpty());
}

TEST(FlowInsights, CompareRefusalsWithTheWeekBefore) {
  MadeUpWeeks weeks(monday);
  weeks.mail(flow(9), four_weeks, 0).mail(flow(1, model::Action::reject), four_weeks, 24);
  weeks.mail(flow(6, model::Action::reject), 24, 0);
  ASSERT_THAT(weeks.ids(), ElementsAre("refusals_risen:contoso"));
  const Insight insight = weeks.judged().front();
  EXPECT_EQ(insight.severity, Severity::warning);
  ASSERT_EQ(insight.evidence.size(), 2U);
  // Counts, not ratios.
  EXPECT_EQ(insight.evidence[0].count, 144U);
  EXPECT_EQ(insight.evidence[0].all, 360U);
  EXPECT_EQ(insight.evidence[1].count, 168U);
}

TEST(FlowInsights, TakeNoFewRefusalsAndNoUsualOnesForNews) {
  MadeUpWeeks few(monday);
  few.mail(flow(9), four_weeks, 0).mail(flow(1, model::Action::reject), 12, 0);
  EXPECT_THAT(few.ids(), IsEmpty());
  MadeUpWeeks usual(monday);
  usual.mail(flow(5), four_weeks, 0).mail(flow(5, model::Action::reject), four_weeks, 0);
  EXPECT_THAT(usual.ids(), IsEmpty());
}

TEST(FlowInsights, CallARefusalOfMostMailCritical) {
  MadeUpWeeks weeks(monday);
  weeks.mail(flow(9), four_weeks, 24).mail(flow(9, model::Action::reject), 24, 0);
  ASSERT_THAT(weeks.ids(), ElementsAre("refusals_risen:contoso"));
  EXPECT_EQ(weeks.judged().front().severity, Severity::critical);
}

TEST(FlowInsights, CountDeferralsApart) {
  MadeUpWeeks weeks(monday);
  weeks.mail(flow(9), four_weeks, 0).mail(flow(3, model::Action::defer), 24, 0);
  EXPECT_THAT(weeks.ids(), ElementsAre("deferrals_risen:contoso"));
}

TEST(FlowInsights, NamePartnersWithWeakTls) {
  MadeUpWeeks weeks(monday);
  weeks.mail(flow(5), four_weeks, 0).mail(flow(1, model::Action::accept, ""), 4 * 24, 4 * 24 - 3);
  weeks.mail(flow(1, model::Action::accept, "TLSv1.1"), 24, 20);
  ASSERT_THAT(weeks.ids(), ElementsAre("tls_weak:contoso"));
  const Insight insight = weeks.judged().front();
  EXPECT_EQ(insight.evidence[0].count, 3U);
  EXPECT_EQ(insight.evidence[1].count, 4U);
  EXPECT_THAT(insight.write, HasSubstr("require.tls=true"));
}

TEST(FlowInsights, LeaveTlsOfStrangersAlone) {
  MadeUpWeeks weeks(monday);
  weeks.configuration().inbound.front().scenario = model::Scenario::internet;
  weeks.mail(flow(5, model::Action::accept, ""), four_weeks, 0);
  EXPECT_THAT(weeks.ids(), IsEmpty());
}

TEST(FlowInsights, NameConnectorsWithoutMailWhereTheTraceReachesBack) {
  MadeUpWeeks weeks(monday);
  model::OutboundConnector outbound;
  outbound.name = "out";
  weeks.configuration().outbound = {outbound};
  EXPECT_THAT(weeks.ids(), ElementsAre("connector_unused:contoso", "connector_unused:out"));
  weeks.seen().began = (monday - base::day_seconds) * base::second_ms;
  EXPECT_THAT(weeks.ids(), IsEmpty());
}

TEST(FlowInsights, DoNotKnowByWhichConnectorAMessageForSeveralLeft) {
  MadeUpWeeks weeks(monday);
  model::OutboundConnector outbound;
  outbound.name = "out";
  weeks.configuration().outbound = {outbound};
  trace::Flow several = flow(1);
  several.outbound_connector = "several";
  weeks.mail(several, four_weeks, 0);
  EXPECT_THAT(weeks.ids(), IsEmpty());
}

TEST(FlowInsights, NameConnectorsThatAreForTheSameMail) {
  MadeUpWeeks weeks(monday);
  weeks.mail(flow(2), four_weeks, 0);
  weeks.seen().overlaps = {{engine::Overlap::Kind::taken, "copy", "contoso", "client network 192.0.2.0/24"},
                           {engine::Overlap::Kind::under, "sub", "contoso", ""}};
  ASSERT_THAT(weeks.ids(), ElementsAre("connectors_overlap:copy.contoso", "connectors_overlap:sub.contoso"));
  const auto judged = weeks.judged();
  EXPECT_EQ(judged[0].severity, Severity::warning);
  EXPECT_EQ(judged[0].variant, "taken");
  EXPECT_THAT(judged[0].what, HasSubstr("copy never gets mail by its client network 192.0.2.0/24: contoso has it too"));
  EXPECT_EQ(judged[0].evidence[0].count, 0U);
  EXPECT_EQ(judged[0].evidence[1].count, 2U * four_weeks);
  EXPECT_EQ(judged[0].write, "connectorctl show copy");
  EXPECT_EQ(judged[1].severity, Severity::info);
  EXPECT_EQ(judged[1].write, "connectorctl show contoso");
}

TEST(FlowInsights, SayNothingOfADisabledConnector) {
  MadeUpWeeks weeks(monday);
  weeks.configuration().inbound.front().enabled = false;
  weeks.mail(flow(9), four_weeks, 24).mail(flow(9, model::Action::reject), 24, 0);
  EXPECT_THAT(weeks.ids(), IsEmpty());
}

}  // namespace
}  // namespace connectord::insights
