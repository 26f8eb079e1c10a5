#include <gtest/gtest.h>

#include "maillog/mail_log_line.h"

namespace connectord::maillog {
namespace {

using namespace std::chrono;  // NOLINT: calendar literals

constexpr std::string_view rest = " mx postfix/qmgr[17]: 4ABCDEF: removed";

// Seconds since 1970 of a line with this time, read at `now` by a clock that is `offset` ahead of UTC; 0 where the line
// is not read.
std::int64_t microseconds_of(const std::string& time, sys_seconds now, seconds offset = 0s) {
  const LogClock clock{now, [offset](std::int64_t local) { return sys_seconds(seconds(local) - offset); }};
  const auto event = parse_mail_log_line(time + std::string(rest), clock);
  return event ? event->time.time_since_epoch().count() : 0;
}

std::int64_t at(sys_seconds time) {
  return time_point_cast<microseconds>(time).time_since_epoch().count();
}

constexpr sys_seconds turn_of_the_year = sys_days(2027y / 1 / 1) + 10s;

TEST(MailLogTime, TakesTheLatestYearThatIsNotAhead) {
  EXPECT_EQ(microseconds_of("Jan  1 00:00:10", turn_of_the_year), at(turn_of_the_year));
  EXPECT_EQ(microseconds_of("Dec 31 23:59:59", turn_of_the_year), at(sys_days(2026y / 12 / 31) + 86399s));
  EXPECT_EQ(microseconds_of("Jan  3 00:00:00", turn_of_the_year), at(sys_days(2026y / 1 / 3)));
}

TEST(MailLogTime, AllowsAClockThatIsADayAhead) {
  EXPECT_EQ(microseconds_of("Jan  1 23:00:00", turn_of_the_year), at(sys_days(2027y / 1 / 1) + 23h));
  EXPECT_EQ(microseconds_of("Jan  1 00:00:05", sys_days(2026y / 12 / 31) + 86390s), at(sys_days(2027y / 1 / 1) + 5s));
}

TEST(MailLogTime, FindsTheLastLeapYear) {
  EXPECT_EQ(microseconds_of("Feb 29 12:00:00", sys_days(2027y / 3 / 1)), at(sys_days(2024y / 2 / 29) + 12h));
}

TEST(MailLogTime, ReadsLocalTimeByTheZoneGiven) {
  EXPECT_EQ(microseconds_of("Nov 21 23:52:18", sys_days(2026y / 11 / 22), 1h),
            at(sys_days(2026y / 11 / 21) + 22h + 52min + 18s));
  // Already 2027 there, but not in UTC.
  EXPECT_EQ(microseconds_of("Jan  1 00:30:00", sys_days(2026y / 12 / 31) + 23h + 31min, 1h),
            at(sys_days(2026y / 12 / 31) + 23h + 30min));
}

TEST(MailLogTime, ReadsRfc3339WithItsZoneAndFraction) {
  const auto expected = at(sys_days(2026y / 11 / 21) + 22h + 52min + 18s);
  EXPECT_EQ(microseconds_of("2026-11-21T22:52:18Z", turn_of_the_year), expected);
  EXPECT_EQ(microseconds_of("2026-11-21T23:52:18+01:00", turn_of_the_year), expected);
  EXPECT_EQ(microseconds_of("2026-11-21T17:22:18.5-05:30", turn_of_the_year), expected + 500'000);
  EXPECT_EQ(microseconds_of("2026-11-21T22:52:18.123456789Z", turn_of_the_year), expected + 123'456);
}

TEST(MailLogTime, RefusesWhatIsNoTime) {
  for (const std::string time :
       {"Nov 31 00:00:00", "Nov 21 24:00:00", "Nov 21 23:60:00", "Nov 0 00:00:00", "nov 21 23:52:18", "Nov 21 23:52",
        "2026-02-29T00:00:00Z", "2026-11-21 22:52:18Z", "2026-11-21T22:52:18", "2026-11-21T22:52:18.Z",
        "2026-11-21T22:52:18+1:00", "26-11-21T22:52:18Z", ""}) {
    EXPECT_EQ(microseconds_of(time, turn_of_the_year), 0) << time;
  }
}

TEST(MailLogTime, ReadsProgramAndProcess) {
  const LogClock clock = LogClock::of_this_machine(turn_of_the_year);
  const auto event =
      parse_mail_log_line("2026-11-21T22:52:18Z mx postfix-out/submission/qmgr[17]: 4ABCDEF: removed", clock);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->program, "postfix-out/submission/qmgr");
  EXPECT_EQ(event->pid, 17U);
  EXPECT_EQ(event->queue_id, "4ABCDEF");
}

TEST(MailLogTime, ReadsWhatBusyBoxsSyslogdWritesWithFacilityAndLevel) {
  const LogClock clock = LogClock::of_this_machine(turn_of_the_year);
  const auto event = parse_mail_log_line("Nov 22 06:19:00 mx mail.info postfix/qmgr[17]: 4ABCDEF: removed", clock);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->program, "postfix/qmgr");
  EXPECT_EQ(event->pid, 17U);
  for (const std::string tag : {"mail.info:", "mail. ", ".info ", "mail.info mail.info ", "mail.in-fo "}) {
    EXPECT_FALSE(parse_mail_log_line("Nov 22 06:19:00 mx " + tag + "postfix/qmgr[17]: 4ABCDEF: removed", clock)) << tag;
  }
}

}  // namespace
}  // namespace connectord::maillog
