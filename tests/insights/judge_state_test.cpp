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
using ::testing::UnorderedElementsAre;

class StateInsights : public ::testing::Test {
 protected:
  StateInsights() {
    now_.configuration().inbound.clear();
    model::OutboundConnector outbound;
    outbound.name = "contoso-out";
    now_.configuration().outbound = {outbound};
    now_.seen().began.reset();
  }

  void validated(bool passed, std::int64_t days_left) {
    probe::LastResult last;
    last.time = monday - 3600;
    last.passed = passed;
    last.summary = "no TLS";
    last.certificates = {{"mx.contoso.com", "00", "CN=mx.contoso.com", monday + days_left * base::day_seconds, ""}};
    now_.seen().validations["contoso-out"] = last;
  }

  // Messages that were tried, the oldest so many hours ago.
  static mta::QueueLine waiting(const std::string& connector, const std::string& next_hop, std::size_t messages,
                                int hours) {
    mta::QueueLine line;
    line.connector = connector;
    line.next_hop = next_hop;
    line.messages = messages;
    line.tried = messages;
    line.oldest = monday - hours * testing::hour_seconds;
    return line;
  }

  MadeUpWeeks now_{monday};
};

TEST_F(StateInsights, OfAGoodValidationTellNothing) {
  validated(true, 90);
  EXPECT_THAT(now_.ids(), IsEmpty());
}

TEST_F(StateInsights, NameCertificatesThatEnd) {
  validated(true, 29);
  ASSERT_THAT(now_.ids(), ElementsAre("certificate_ends:mx.contoso.com"));
  EXPECT_EQ(now_.judged().front().severity, Severity::warning);
  validated(true, 3);
  EXPECT_EQ(now_.judged().front().severity, Severity::critical);
  validated(true, -2);
  EXPECT_THAT(now_.judged().front().what, HasSubstr("has ended"));
}

TEST_F(StateInsights, NameFailedValidationsOfConnectorsThatAreOn) {
  validated(false, 90);
  EXPECT_THAT(now_.ids(), ElementsAre("validation_failed:contoso-out"));
  now_.configuration().outbound.front().enabled = false;
  EXPECT_THAT(now_.ids(), IsEmpty());
}

TEST_F(StateInsights, NameWhatWaitsInTheQueue) {
  mta::QueueReport queue;
  queue.messages = 260;
  queue.lines = {waiting("", "busy.example", 250, 2), waiting("contoso-out", "mx", 1, 5),
                 waiting("", "slow.example", 9, 9)};
  now_.seen().queue = queue;
  EXPECT_THAT(now_.ids(), ElementsAre("queue_waits:busy.example", "queue_waits:contoso-out"));
}

TEST_F(StateInsights, CompareCertificatesOfClientsWithThoseBefore) {
  now_.seen().clients["contoso"] = {{"11", {"CN=mail.contoso.com", "CN=CA", "", ""}},
                                    {"22", {"CN=mail.contoso.com", "CN=Other", "", ""}}};
  EXPECT_THAT(now_.ids(), IsEmpty()) << "nothing is known of before";
  now_.seen().former_clients["contoso"] = {{"00", {"CN=mail.contoso.com", "CN=CA", "", ""}}};
  EXPECT_THAT(now_.ids(), ElementsAre("certificate_new:contoso.22", "certificate_new:contoso.11"));
  now_.seen().former_clients["contoso"] = now_.seen().clients["contoso"];
  EXPECT_THAT(now_.ids(), IsEmpty());
}

TEST_F(StateInsights, NameOldKeysAndATraceThatIsNotWritten) {
  now_.seen().keys = {{"s1._domainkey.example.net", monday - 400 * base::day_seconds},
                      {"s2._domainkey.example.net", monday - 100 * base::day_seconds}};
  now_.seen().outage = "no space left on device";
  now_.seen().waiting = 6'000;
  EXPECT_THAT(now_.ids(), ElementsAre("trace_not_written", "trace_lags", "dkim_key_old:s1._domainkey.example.net"));
  EXPECT_EQ(now_.judged().back().write, "connectorctl dkim new example.net");
}

TEST_F(StateInsights, HaveNamesThatAreAllKnown) {
  validated(false, 3);
  for (const Insight& insight : now_.judged()) EXPECT_THAT(kinds(), ::testing::Contains(insight.name));
}

}  // namespace
}  // namespace connectord::insights
