#include "daemon/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/recording_log.h"

namespace connectord::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WatchdogTest : public testing::Test {
 protected:
  Watchdog::Clock::time_point at(milliseconds time) const { return start_ + time; }
  Watchdog made(std::optional<milliseconds> timeout) {
    return {timeout, log_, [this] { ++reports_; }};
  }

  Watchdog::Clock::time_point start_{seconds(1000)};
  test::RecordingLog log_;
  int reports_ = 0;
};

TEST_F(WatchdogTest, ReportsAtOnceAndThenThreeTimesInTheServiceManagersPatience) {
  Watchdog watchdog = made(seconds(30));
  watchdog.watch("milter", [](milliseconds) { return true; });
  EXPECT_EQ(watchdog.until_due(start_), milliseconds(0));
  watchdog.look(start_);
  EXPECT_EQ(reports_, 1);
  EXPECT_EQ(watchdog.until_due(at(seconds(4))), seconds(6));
  watchdog.look(at(milliseconds(9999)));
  EXPECT_EQ(reports_, 1);
  EXPECT_EQ(watchdog.until_due(at(seconds(25))), milliseconds(0));
  watchdog.look(at(seconds(10)));
  EXPECT_EQ(reports_, 2);
}

TEST_F(WatchdogTest, ReportsNothingWhileAPartHangsAndNamesEachThatDoes) {
  Watchdog watchdog = made(seconds(30));
  bool hangs = true;
  watchdog.watch("milter", [&](milliseconds) { return !hangs; });
  watchdog.watch("policy", [](milliseconds) { return true; });
  watchdog.watch("socketmap", [&](milliseconds) { return !hangs; });
  watchdog.look(start_);
  EXPECT_EQ(reports_, 0);
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("part=milter"), HasSubstr("part=socketmap")));
  hangs = false;
  watchdog.look(at(seconds(10)));
  EXPECT_EQ(reports_, 1);
}

TEST_F(WatchdogTest, LeavesAllPartsTogetherTheTimeUntilTheNextLook) {
  Watchdog watchdog = made(seconds(30));
  milliseconds given(0);
  for (const char* part : {"milter", "policy"}) {
    watchdog.watch(part, [&](milliseconds limit) {
      given += limit;
      return true;
    });
  }
  watchdog.look(start_);
  EXPECT_EQ(given, seconds(10));
}

TEST_F(WatchdogTest, AsksNobodyWhereNoServiceManagerWaits) {
  Watchdog watchdog = made(std::nullopt);
  watchdog.watch("milter", [](milliseconds) { return false; });
  EXPECT_EQ(watchdog.until_due(start_), std::nullopt);
  watchdog.look(start_);
  EXPECT_EQ(reports_, 0);
  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(WatchdogTest, ReportsForAProcessThatServesNothing) {
  Watchdog watchdog = made(seconds(30));
  watchdog.look(start_);
  EXPECT_EQ(reports_, 1);
}

}  // namespace
}  // namespace connectord::daemon
