#include "connectord/reporting/day.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace connectord::reporting {
namespace {

// 2026-11-29T12:00:00Z
constexpr std::int64_t some_noon = 1'795'953'600;
constexpr std::int64_t one_hour = 3'600;

// The zone of the process for as long as it lives.
class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~TimeZone() {
    before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  std::string before_;
};

TEST(ReportDay, IsADayOfUtc) {
  const Day day = last_whole_day(some_noon);
  EXPECT_EQ(to_string(day), "2026-11-28");
  EXPECT_EQ(day.end(), some_noon - 12 * one_hour);
  EXPECT_EQ(day.last() + 1, day.end());
  EXPECT_EQ(parse_day("2026-11-28"), day);
  EXPECT_EQ(to_string(last_whole_day(day.end())), "2026-11-28");
  EXPECT_EQ(to_string(last_whole_day(day.last())), "2026-11-27");
}

TEST(ReportDay, IsReadInOneFormOnly) {
  for (const char* text : {"", "2026-11-31", "2026-1-01", "26-11-28", "2026-11-28T", "2026/11/28", "2026-13-01"}) {
    EXPECT_FALSE(parse_day(text)) << text;
  }
}

TEST(ReportDay, ThatIsNamedIsOver) {
  EXPECT_EQ(whole_day("", some_noon).value(), last_whole_day(some_noon));
  EXPECT_EQ(whole_day("2026-11-27", some_noon).value(), parse_day("2026-11-27"));
  EXPECT_EQ(whole_day("2026-11-29", some_noon).error(),
            "2026-11-29 is not over (days are those of UTC); the last one that is: 2026-11-28");
  EXPECT_EQ(whole_day("yesterday", some_noon).error(), "\"yesterday\" is no day; write 2026-11-28");
}

TEST(ReportRounds, AreOnceADayAtTheTimeAndSoonAfter) {
  const TimeZone zone("UTC");
  const Rounds rounds = rounds_at(some_noon, std::chrono::minutes(60), "mx.example.net");
  const std::int64_t one_o_clock = some_noon - 11 * one_hour;
  EXPECT_GE(rounds.last, one_o_clock);
  EXPECT_LT(rounds.last, one_o_clock + one_hour / 4);
  EXPECT_EQ(rounds.next, rounds.last + 24 * one_hour);
  // The same whenever it is asked, also on the second.
  const Rounds same = rounds_at(rounds.last, std::chrono::minutes(60), "mx.example.net");
  EXPECT_EQ(same.last, rounds.last);
  EXPECT_EQ(rounds_at(rounds.last - 1, std::chrono::minutes(60), "mx.example.net").next, rounds.last);
  EXPECT_NE(rounds_at(some_noon, std::chrono::minutes(60), "mx2.example.net").last, rounds.last);
}

TEST(ReportRounds, FollowLocalTime) {
  const TimeZone zone("Europe/Berlin");
  // 2026-10-25 has 25 hours there.
  const std::int64_t autumn = some_noon - 36 * 24 * one_hour;
  const Rounds rounds = rounds_at(autumn, std::chrono::minutes(60), "a");
  EXPECT_EQ((rounds.next - rounds.last) / one_hour, 24);
  const Rounds later = rounds_at(rounds.next, std::chrono::minutes(60), "a");
  EXPECT_EQ((later.next - later.last) / one_hour, 25);
}

TEST(ReportRounds, TryAgainLaterAndLater) {
  EXPECT_EQ(wait_after(1), 900);
  EXPECT_EQ(wait_after(2), 1'800);
  EXPECT_EQ(wait_after(50), 4 * one_hour);
}

}  // namespace
}  // namespace connectord::reporting
