#include "connectord/dns/cache.h"

#include <gtest/gtest.h>

namespace connectord::dns {
namespace {

using std::chrono::seconds;

std::shared_ptr<const Answer> answer_of(Status status, int ttl, std::string text = {}) {
  auto answer = std::make_shared<Answer>();
  answer->status = status;
  answer->ttl = seconds(ttl);
  if (!text.empty()) answer->texts.push_back(std::move(text));
  return answer;
}

Question named(std::string name, Type type = Type::txt) {
  return {std::move(name), type};
}

struct Lifetime {
  Status status;
  int ttl;
  int kept;  // seconds
};

class CacheLifetime : public ::testing::TestWithParam<Lifetime> {};

TEST_P(CacheLifetime, KeepsAnAnswerAsLongAsItsKindAllows) {
  CacheLimits limits;
  limits.shortest_ttl = seconds(5);
  limits.max_ttl = seconds(1000);
  limits.max_negative_ttl = seconds(100);
  limits.failure_ttl = seconds(7);
  Cache cache(limits);
  const Cache::Time start{};
  cache.insert(named("example.com"), answer_of(GetParam().status, GetParam().ttl), start);
  if (GetParam().kept > 0) {
    EXPECT_NE(cache.find(named("example.com"), start + seconds(GetParam().kept) - std::chrono::milliseconds(1)),
              nullptr);
  }
  EXPECT_EQ(cache.find(named("example.com"), start + seconds(GetParam().kept)), nullptr);
  EXPECT_EQ(cache.size(), 0U) << "what is too old goes";
}

INSTANTIATE_TEST_SUITE_P(Dns, CacheLifetime,
                         ::testing::Values(Lifetime{Status::found, 300, 300}, Lifetime{Status::found, 0, 5},
                                           Lifetime{Status::found, 1'000'000, 1000}, Lifetime{Status::nxdomain, 60, 60},
                                           Lifetime{Status::nodata, 10'000, 100}, Lifetime{Status::nodata, 0, 5},
                                           Lifetime{Status::timeout, 300, 7}, Lifetime{Status::error, 0, 7},
                                           Lifetime{Status::invalid, 300, 0}));

TEST(Cache, TellsTypesOfOneNameApart) {
  Cache cache({});
  cache.insert(named("example.com", Type::a), answer_of(Status::found, 60), {});
  EXPECT_NE(cache.find(named("example.com", Type::a), {}), nullptr);
  EXPECT_EQ(cache.find(named("example.com", Type::mx), {}), nullptr);
}

TEST(Cache, ForgetsTheLeastRecentlyUsedFirst) {
  CacheLimits limits;
  limits.entries = 2;
  Cache cache(limits);
  cache.insert(named("a"), answer_of(Status::found, 60), {});
  cache.insert(named("b"), answer_of(Status::found, 60), {});
  cache.find(named("a"), {});
  cache.insert(named("c"), answer_of(Status::found, 60), {});
  EXPECT_NE(cache.find(named("a"), {}), nullptr);
  EXPECT_EQ(cache.find(named("b"), {}), nullptr);
  EXPECT_NE(cache.find(named("c"), {}), nullptr);
}

TEST(Cache, IsBoundedInMemoryToo) {
  CacheLimits limits;
  limits.bytes = 200'000;
  Cache cache(limits);
  for (int i = 0; i < 50; ++i) {
    cache.insert(named("n" + std::to_string(i)), answer_of(Status::found, 60, std::string(60'000, 'x')), {});
    EXPECT_LE(cache.size(), 3U);
  }
  EXPECT_NE(cache.find(named("n49"), {}), nullptr);
  cache.insert(named("huge"), answer_of(Status::found, 60, std::string(300'000, 'x')), {});
  EXPECT_EQ(cache.find(named("huge"), {}), nullptr) << "larger than all of it";
}

TEST(Cache, ReplacesAnAnswer) {
  Cache cache({});
  cache.insert(named("example.com"), answer_of(Status::error, 0), {});
  cache.insert(named("example.com"), answer_of(Status::found, 60, "new"), {});
  EXPECT_EQ(cache.find(named("example.com"), {})->texts.front(), "new");
  EXPECT_EQ(cache.size(), 1U);
}

TEST(Cache, KeepsNothingWhenItHasNoRoom) {
  CacheLimits limits;
  limits.entries = 0;
  Cache cache(limits);
  cache.insert(named("example.com"), answer_of(Status::found, 60), {});
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace connectord::dns
