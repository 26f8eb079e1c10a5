#include "trace/recent_queue_ids.h"

#include <gtest/gtest.h>

namespace connectord::trace {
namespace {

RecentQueueIds of_three_messages() {
  RecentQueueIds recent;
  recent.note("A", 1);
  recent.note("B", 2);
  recent.note("A", 3);
  return recent;
}

TEST(RecentQueueIds, HaveTheNewestMessageOfEach) {
  const RecentQueueIds recent = of_three_messages();
  EXPECT_EQ(recent.find("A"), 3);
  EXPECT_EQ(recent.find("B"), 2);
  EXPECT_EQ(recent.find("C"), std::nullopt);
}

TEST(RecentQueueIds, ForgetWhatIsIndexed) {
  RecentQueueIds recent = of_three_messages();
  recent.forget_to(2);
  EXPECT_EQ(recent.find("A"), 3) << "of the newer message";
  EXPECT_EQ(recent.find("B"), std::nullopt);
  recent.forget_to(3);
  EXPECT_EQ(recent.find("A"), std::nullopt);
}

TEST(RecentQueueIds, OneOutOfTurnIsForgottenInTheEnd) {
  RecentQueueIds recent;
  recent.note("A", 7);
  recent.note("B", 5);
  recent.note("A", 5);
  recent.note("A", 7);
  recent.forget_to(6);
  EXPECT_EQ(recent.find("A"), 7);
  EXPECT_EQ(recent.find("B"), 5);
  recent.forget_to(7);
  EXPECT_EQ(recent.find("A"), std::nullopt);
  EXPECT_EQ(recent.find("B"), std::nullopt);
}

}  // namespace
}  // namespace connectord::trace
