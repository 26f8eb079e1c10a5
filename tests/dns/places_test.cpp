#include "connectord/dns/places.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace connectord::dns {
namespace {

TEST(Places, AreCountedForEachShareAndGivenBack) {
  Places places(2);
  auto first = places.take("a");
  const auto second = places.take("a");
  EXPECT_NE(first, nullptr);
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(places.take("a"), nullptr);
  EXPECT_NE(places.take("b"), nullptr) << "another share has its own";
  auto copy = first;
  first.reset();
  EXPECT_EQ(places.take("a"), nullptr) << "a copy holds it";
  copy.reset();
  EXPECT_NE(places.take("a"), nullptr);
}

TEST(Places, MayEndBeforeTheLastPlaceIsGivenBack) {
  Places::Place place;
  {
    Places places(1);
    place = places.take("a");
  }
  EXPECT_NE(place, nullptr);
}

TEST(Places, AreTakenAndGivenBackOnManyThreadsAtOnce) {
  Places places(8);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&places] {
      for (int k = 0; k < 1000; ++k) {
        const auto one = places.take("a");
        const auto other = places.take("a");
        EXPECT_NE(one, nullptr);
        EXPECT_NE(other, nullptr);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace connectord::dns
