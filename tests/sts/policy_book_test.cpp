#include "connectord/sts/policy_book.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace connectord::sts {
namespace {

constexpr std::int64_t fetched = 1'800'000'000;
constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 24 * hour;

KeptPolicy kept_of(const std::string& domain, std::int64_t age = 7 * day) {
  return {.policy = {.domain = domain,
                     .mode = StsPolicy::Mode::enforce,
                     .mx = {"mx." + domain, "*." + domain},
                     .max_age = std::chrono::seconds(age)},
          .id = "20261130",
          .fetched = fetched,
          .used = fetched};
}

TEST(PolicyBook, FollowsAPolicyToItsEndAndNotBeyond) {
  PolicyBook book;
  book.keep(kept_of("contoso.com", hour));
  ASSERT_NE(book.find("contoso.com", fetched + hour - 1), nullptr);
  EXPECT_EQ(book.find("contoso.com", fetched + hour), nullptr);
  EXPECT_EQ(book.size(), 0U);
  EXPECT_EQ(book.find("fabrikam.com", fetched), nullptr);
}

TEST(PolicyBook, ForgetsTheOneThatWasNotAskedForTheLongest) {
  PolicyBook book(2);
  book.keep(kept_of("a.example"));
  book.keep(kept_of("b.example"));
  book.find("a.example", fetched);
  book.keep(kept_of("c.example"));
  EXPECT_EQ(book.size(), 2U);
  EXPECT_NE(book.find("a.example", fetched), nullptr);
  EXPECT_EQ(book.find("b.example", fetched), nullptr);
}

TEST(PolicyBook, IsBoundedInMemory) {
  KeptPolicy large = kept_of("large.example");
  large.policy.mx.assign(1000, "mx.large.example");
  PolicyBook book(100, std::size_t{64} << 10U);
  for (const char* name : {"a.example", "b.example", "c.example"}) book.keep(kept_of(name));
  EXPECT_EQ(book.size(), 3U);
  book.keep(large);
  EXPECT_EQ(book.size(), 4U);
  ASSERT_NE(book.find("large.example", fetched), nullptr);
  large.policy.domain = "larger.example";
  book.keep(large);
  EXPECT_EQ(book.size(), 1U);
  // What goes makes room.
  for (int i = 0; i < 30; ++i) book.keep(kept_of("small-" + std::to_string(i) + ".example"));
  book.find("larger.example", fetched + 365 * day);
  for (const char* name : {"a.example", "b.example", "c.example"}) book.keep(kept_of(name));
  EXPECT_GE(book.size(), 33U);
}

TEST(PolicyBook, HasThemFetchedAnewLongBeforeTheyEnd) {
  PolicyBook book;
  book.keep(kept_of("daily.example"));
  book.keep(kept_of("short.example", 2 * hour));
  EXPECT_TRUE(book.due(fetched + hour - 1, 10).empty());
  EXPECT_EQ(book.due(fetched + hour, 10), std::vector<std::string>{"short.example"});
  EXPECT_EQ(book.due(fetched + day, 10), std::vector<std::string>{"daily.example"});
  EXPECT_TRUE(book.due(fetched + day, 0).empty());
  book.find("daily.example", fetched)->not_before = fetched + day + 300;
  EXPECT_TRUE(book.due(fetched + day, 10).empty());
  EXPECT_EQ(book.due(fetched + day + 300, 10).size(), 1U);
}

TEST(PolicyBook, LetsThoseEndThatNoMailAsksFor) {
  PolicyBook book;
  book.keep(kept_of("contoso.com", 365 * day));
  EXPECT_TRUE(book.due(fetched + 15 * day, 10).empty());
  book.find("contoso.com", fetched)->used = fetched + 14 * day;
  EXPECT_EQ(book.due(fetched + 15 * day, 10).size(), 1U);
}

TEST(PolicyBook, IsReadAsItWasWritten) {
  PolicyBook book;
  book.keep(kept_of("contoso.com"));
  book.keep(kept_of("fabrikam.com"));
  book.keep(kept_of("ended.example", hour));
  PolicyBook read;
  read.read_text(book.to_text(fetched + day), fetched + day);
  EXPECT_EQ(read.size(), 2U);
  const KeptPolicy* one = read.find("contoso.com", fetched + day);
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->id, "20261130");
  EXPECT_EQ(one->fetched, fetched);
  EXPECT_EQ(one->policy.mode, StsPolicy::Mode::enforce);
  EXPECT_EQ(one->policy.mx, (std::vector<std::string>{"mx.contoso.com", "*.contoso.com"}));
  EXPECT_EQ(one->policy.max_age.count(), 7 * day);
  EXPECT_EQ(read.to_text(fetched + day).size(), book.to_text(fetched + day).size());
}

TEST(PolicyBook, PassesOverLinesThatAreNone) {
  PolicyBook book;
  book.keep(kept_of("contoso.com"));
  const std::string good = book.to_text(fetched);
  PolicyBook read;
  read.read_text("\nnonsense\n[]\n{}\n{\"domain\":1,\"policy\":2}\n" + good.substr(0, good.size() / 2) + "\n" + good,
                 fetched);
  EXPECT_EQ(read.size(), 1U);
  // Of a clock that ran ahead, it would be followed for too long.
  PolicyBook early;
  early.read_text(good, fetched - day);
  EXPECT_EQ(early.size(), 0U);
}

}  // namespace
}  // namespace connectord::sts
