#include "connectord/base/alarm.h"

#include <gtest/gtest.h>

namespace connectord::base {
namespace {

constexpr std::chrono::hours long_time{1};

TEST(Alarm, WakesOnceWhoeverSleepsNext) {
  Alarm alarm;
  const std::stop_source stop;
  alarm.ring();
  EXPECT_TRUE(alarm.sleep(long_time, stop.get_token()));
  EXPECT_FALSE(alarm.sleep(std::chrono::seconds(0), stop.get_token()));
}

TEST(Alarm, SleepsNoLongerWhereAStopIsRequested) {
  Alarm alarm;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(alarm.sleep(long_time, stop.get_token()));
}

}  // namespace
}  // namespace connectord::base
