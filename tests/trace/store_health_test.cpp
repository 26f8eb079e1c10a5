#include "trace/store_health.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "log/recording_log.h"

namespace connectord::trace {
namespace {

constexpr std::int64_t some_moment = 1'795'262'400'000;

class StoreHealthTest : public testing::Test {
 protected:
  void flip(int times) {
    for (int i = 0; i < times; ++i) {
      health_.begin_outage("disk full");
      health_.count_failure();
      health_.end_outage();
    }
  }

  std::int64_t now_ = some_moment;
  connectord::test::RecordingLog log_;
  StoreHealth health_{"/trace.db", [this] { return now_; }, log_};
};

TEST_F(StoreHealthTest, OutagesOneAfterTheOtherHaveOnePairOfLines) {
  flip(1000);
  EXPECT_EQ(log_.lines().size(), 2U);
  now_ += 60'000;
  flip(1);
  ASSERT_EQ(log_.lines().size(), 4U);
  EXPECT_NE(log_.lines()[2].find("outages_before=999"), std::string::npos) << log_.lines()[2];
  EXPECT_NE(log_.lines()[3].find("not_kept=1000"), std::string::npos) << log_.lines()[3];
}

TEST_F(StoreHealthTest, AnOutageThatLastsHasALineHoweverSoonItCame) {
  flip(1);
  health_.begin_outage("disk full");
  now_ += 59'000;
  health_.begin_outage("disk full");
  EXPECT_EQ(log_.lines().size(), 2U);
  EXPECT_FALSE(health_.check());
  now_ += 1000;
  health_.begin_outage("disk full");
  health_.begin_outage("disk full");
  EXPECT_EQ(log_.lines().size(), 3U);
  health_.end_outage();
  EXPECT_EQ(log_.lines().size(), 4U);
}

TEST_F(StoreHealthTest, AClockThatIsSetBackHidesNothing) {
  flip(1);
  now_ -= 3'600'000;
  flip(1);
  EXPECT_EQ(log_.lines().size(), 4U);
}

}  // namespace
}  // namespace connectord::trace
