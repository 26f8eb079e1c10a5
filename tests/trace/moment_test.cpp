#include "connectord/trace/moment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace connectord::trace {
namespace {

constexpr std::int64_t now = 1'795'262'400'000 + 3'600'000;  // 2026-11-21 13:00:00 UTC

struct Case {
  const char* text;
  std::optional<std::int64_t> moment;  // in milliseconds
};

class Moments : public testing::TestWithParam<Case> {};

TEST_P(Moments, AreReadInTheFormsThatPeopleWrite) {
  EXPECT_EQ(parse_moment(GetParam().text, now), GetParam().moment);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Moments,
    testing::Values(Case{"2026-11-21T12:00:00Z", now - 3'600'000}, Case{"2026-11-21 12:00", now - 3'600'000},
                    Case{"2026-11-21", now - 46'800'000}, Case{"1795262400", now - 3'600'000}, Case{"now", now},
                    Case{"today", now - 46'800'000}, Case{"yesterday", now - 133'200'000}, Case{"90s", now - 90'000},
                    Case{"30m", now - 1'800'000}, Case{"2h", now - 7'200'000}, Case{"7d", now - 604'800'000},
                    Case{"1w", now - 604'800'000}, Case{"", std::nullopt}, Case{"2 h", now - 7'200'000},
                    Case{"2 hours ago", now - 7'200'000}, Case{"1 day ago", now - 86'400'000},
                    Case{"12:59", now - 60'000}, Case{"13:00:00", now}, Case{"23:40", now - 48'000'000},
                    Case{"Yesterday 23:40", now - 48'000'000}, Case{"today 08:00", now - 18'000'000},
                    Case{"saturday", now - 46'800'000}, Case{"last saturday", now - 46'800'000 - 7 * 86'400'000LL},
                    Case{"Fri 12:00", now - 90'000'000}, Case{"last month", 1'790'812'800'000},
                    Case{"this month", 1'793'491'200'000}, Case{"last week", 1'794'182'400'000},
                    Case{"this week", 1'794'787'200'000}, Case{"last year", 1'735'689'600'000},
                    Case{"last hour", now - 3'600'000}, Case{"last", std::nullopt}, Case{"last thing", std::nullopt},
                    Case{"25:00", std::nullopt}, Case{"yesterday 99", std::nullopt}, Case{"yesterday ", std::nullopt},
                    Case{"-2h", std::nullopt}, Case{"2y", std::nullopt}, Case{"1000001s", std::nullopt},
                    Case{"2026-11-21T12:00:00+01:00", now - 7'200'000}, Case{"2026-13-21", std::nullopt},
                    Case{"tomorrow", std::nullopt}));

// Berlin's clocks are an hour ahead of UTC in November, and were two until October 25.
class LocalMoments : public testing::Test {
 protected:
  void SetUp() override { set_zone("CET-1CEST,M3.5.0,M10.5.0/3"); }
  void TearDown() override { set_zone("UTC0"); }
  static void set_zone(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
};

TEST_F(LocalMoments, AreThoseOfTheClockOnTheWall) {
  for (const auto& [text, moment] :
       std::vector<std::pair<std::string, std::int64_t>>{{"13:59", now - 60'000},
                                                         {"23:40", now - 51'600'000},
                                                         {"today", now - 50'400'000},
                                                         {"2026-11-21 14:00", now},
                                                         {"2026-11-21T13:00:00Z", now},
                                                         {"2026-11-21T13:00:00+00:00", now},
                                                         {"last month", 1'790'805'600'000},  // midnight in summer time
                                                         {"this month", 1'793'487'600'000},
                                                         {"2h", now - 7'200'000}}) {
    EXPECT_EQ(parse_moment(text, now, Zone::local), moment) << text;
    if (text.size() < 11) continue;
    EXPECT_TRUE(parse_time(text, Zone::local).has_value()) << text;
  }
}

}  // namespace
}  // namespace connectord::trace
