#include "connectord/trace/moment.h"

#include <gtest/gtest.h>

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
                    Case{"1w", now - 604'800'000}, Case{"", std::nullopt}, Case{"2 h", std::nullopt},
                    Case{"-2h", std::nullopt}, Case{"2y", std::nullopt}, Case{"1000001s", std::nullopt},
                    Case{"2026-11-21T12:00:00+01:00", std::nullopt}, Case{"2026-13-21", std::nullopt},
                    Case{"tomorrow", std::nullopt}));

}  // namespace
}  // namespace connectord::trace
