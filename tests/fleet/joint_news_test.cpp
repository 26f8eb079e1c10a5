#include "fleet/joint_news.h"

#include <gtest/gtest.h>

namespace connectord::fleet {
namespace {

TEST(FleetJointMark, IsReadBackAsItWasWritten) {
  for (const char* text : {"_", "1.0_", "1.4711_2.300_", "8191.1099511627775_"}) {
    const auto mark = JointMark::parse(text);
    ASSERT_TRUE(mark) << text;
    EXPECT_EQ(mark->to_string(), text);
  }
}

TEST(FleetJointMark, IsNothingElse) {
  for (const char* text : {"", "1", "4711", "1.", "1.2", "_1.2_", "1.2_3", "1.2_3.", "1.2__", "1.-2_", "a.b_", "1.2_ ",
                           "1.99999999999999999999_"}) {
    EXPECT_FALSE(JointMark::parse(text)) << text;
  }
}

TEST(FleetNewRanges, AreThoseOfEachHostByItsOwnNumbers) {
  struct Case {
    const char* mark;
    std::vector<HostProgress> hosts;
    std::vector<std::vector<std::int64_t>> ranges;
  };
  for (const Case& one : std::vector<Case>{
           {"1.5_2.9_", {{1, 7}, {2, 9}}, {{1, 5, 7}, {2, 9, 9}}},
           {"1.5_", {{1, 5}, {3, 4}}, {{1, 5, 5}, {3, 0, 4}}},  // one that has come since
           {"1.5_2.9_", {{1, 2}}, {{1, 2, 2}}},                 // a database that was restored, and a host that is gone
           {"_", {{1, 2}}, {{1, 0, 2}}},
       }) {
    std::vector<std::vector<std::int64_t>> ranges;
    for (const NewRange& range : new_ranges(JointMark::parse(one.mark).value(), one.hosts)) {
      ranges.push_back({range.host, range.after, range.last});
    }
    EXPECT_EQ(ranges, one.ranges) << one.mark;
  }
}

}  // namespace
}  // namespace connectord::fleet
