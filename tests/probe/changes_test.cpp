#include "probe/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::probe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::int64_t now = 1'800'000'000;
constexpr std::int64_t day = 86'400;

Report report(bool passed, Obstacle obstacle = Obstacle::tls_failed) {
  Report made;
  made.connector = "contoso-out";
  made.time = now;
  made.passed = passed;
  made.obstacle = passed ? Obstacle::none : obstacle;
  made.summary = passed ? "passed: 1 host" : "TLS negotiation failed";
  return made;
}

LastResult last(bool passed, std::string obstacle = "tls_failed") {
  return {now - day, passed, passed ? "none" : std::move(obstacle), {}, {}};
}

std::vector<std::string> reported(const std::optional<LastResult>& before, const Report& after) {
  std::vector<std::string> messages;
  for (const Alert& notice : changes(before, after)) messages.push_back(notice.message);
  return messages;
}

TEST(Changes, AreToldOnceWhenAConnectorFailsAndWhenItPassesAgain) {
  EXPECT_THAT(reported(last(true), report(true)), IsEmpty());
  EXPECT_THAT(reported(last(true), report(false)), ElementsAre("fails: TLS negotiation failed"));
  EXPECT_THAT(reported({}, report(false)), ElementsAre("fails: TLS negotiation failed"));
  EXPECT_THAT(reported({}, report(true)), IsEmpty());
  EXPECT_THAT(reported(last(false), report(false)), IsEmpty());
  EXPECT_THAT(reported(last(false), report(false, Obstacle::rejected)),
              ElementsAre(StartsWith("fails in another way: ")));
  EXPECT_THAT(reported(last(false), report(true)), ElementsAre("passes again"));
}

TEST(Changes, OfAHostsCertificateAreTold) {
  LastResult before = last(true);
  before.certificates = {{"mx1", "aa", "/CN=mx", now + 100 * day}};
  Report after = report(true);
  after.certificates = {{"mx1", "aa", "/CN=mx", now + 100 * day}, {"mx2", "bb", "/CN=mx", now + 100 * day}};
  EXPECT_THAT(reported(before, after), IsEmpty());
  after.certificates[0].sha256 = "cc";
  EXPECT_THAT(reported(before, after), ElementsAre(StartsWith("mx1 shows another certificate, sha256:cc of /CN=mx")));
}

TEST(Changes, OfACertificateNearItsEndAreToldThirtySevenAndOneDayBefore) {
  for (const auto& [days_left, is_reported] : std::vector<std::pair<double, bool>>{{31, false},
                                                                                   {30, true},
                                                                                   {29.5, true},
                                                                                   {28, false},
                                                                                   {7, true},
                                                                                   {6.5, true},
                                                                                   {5, false},
                                                                                   {0.9, true},
                                                                                   {-1, false}}) {
    LastResult before = last(true);
    const auto end = now + static_cast<std::int64_t>(days_left * static_cast<double>(day));
    before.certificates = {{"mx1", "aa", "/CN=mx", end}};
    Report after = report(true);
    after.certificates = before.certificates;
    EXPECT_EQ(reported(before, after).size(), is_reported ? 1U : 0U) << days_left;
    EXPECT_EQ(reported({}, after).size(), days_left > 30 ? 0U : 1U) << days_left;
  }
}

TEST(NextTime, IsAnIntervalAfterTheLastAndATenthLaterAtMost) {
  const std::int64_t next = next_time(last(true), "contoso-out", day, now);
  EXPECT_GE(next, now);
  EXPECT_LT(next, now + day / 10);
  EXPECT_EQ(next, next_time(last(true), "contoso-out", day, now));
  EXPECT_NE(next, next_time(last(true), "fabrikam-out", day, now));
}

TEST(NextTime, IsSoonForOneThatNeverWasAndWhereTheClockWasSetBack) {
  LastResult later = last(true);
  later.time = now + 100 * day;
  for (const auto& before : {std::optional<LastResult>(), std::optional(later)}) {
    const std::int64_t next = next_time(before, "contoso-out", day, now);
    EXPECT_GE(next, now);
    EXPECT_LT(next, now + 600);
  }
}

TEST(NoticeMail, IsAMessageThatNothingFromOutsideCanBreakOutOf) {
  Report failed = report(false);
  const std::string mail = compose_mail(failed, {{log::Severity::warning, "fails: 550 no\r\n.\r\nQUIT\x1b"}},
                                        "mx.example.net", "postmaster@example.net");
  EXPECT_THAT(mail, StartsWith("From: connectord <connectord@mx.example.net>\r\nTo: <postmaster@example.net>\r\n"));
  EXPECT_THAT(mail, HasSubstr("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"));
  EXPECT_THAT(mail, HasSubstr("Subject: connector contoso-out: failed\r\n"));
  EXPECT_THAT(mail, HasSubstr("- fails: 550 no??.??QUIT?\r\n"));
  EXPECT_THAT(mail, Not(HasSubstr("\r\n.\r\n")));
}

}  // namespace
}  // namespace connectord::probe
