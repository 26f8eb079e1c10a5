#include "connectord/base/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace connectord::base {
namespace {

TEST(Gate, HasOnlySoManyInItAndLetsEverybodyInOnce) {
  Gate room(2);
  std::atomic<int> within = 0;
  std::atomic<int> most = 0;
  std::atomic<int> been_there = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 16; ++i) {
    readers.emplace_back([&] {
      const Gate::Pass pass = room.enter();
      const int now = ++within;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::yield();
      --within;
      ++been_there;
    });
  }
  readers.clear();
  EXPECT_EQ(been_there, 16);
  EXPECT_LE(most, 2);
}

}  // namespace
}  // namespace connectord::base
