#include "connectord/delivery/told.h"

#include <gtest/gtest.h>

namespace connectord::delivery {
namespace {

constexpr std::int64_t noon = 1'000'000;
const std::vector<std::string> contoso = {"contoso.com"};

TEST(Told, KnowsWhatCountedForADelivery) {
  Told told;
  told.note("contoso.com", ToldBy::dane, noon);
  EXPECT_EQ(told.at(contoso, noon + 10), ToldBy::dane);
  EXPECT_EQ(told.at({"Contoso.COM"}, noon + 10), ToldBy::dane);
  EXPECT_EQ(told.at({"[mx.contoso.com]", "contoso.com"}, noon), ToldBy::dane);
  told.note("fabrikam.com", ToldBy::nobody, noon);
  EXPECT_EQ(told.at({"fabrikam.com"}, noon), ToldBy::nobody);
}

TEST(Told, KnowsNothingOfWhatWasNotAskedOfLate) {
  Told told;
  EXPECT_EQ(told.at(contoso, noon), std::nullopt);
  told.note("contoso.com", ToldBy::mta_sts, noon);
  EXPECT_EQ(told.at({"fabrikam.com"}, noon), std::nullopt);
  EXPECT_EQ(told.at(contoso, noon - 60), std::nullopt);
  EXPECT_EQ(told.at(contoso, noon + 900), ToldBy::mta_sts);
  EXPECT_EQ(told.at(contoso, noon + 901), std::nullopt);
  told.note("contoso.com", ToldBy::mta_sts, noon + 2000);
  EXPECT_EQ(told.at(contoso, noon + 2100), ToldBy::mta_sts);
}

TEST(Told, ClaimsNothingWhereAnswersDiffer) {
  Told told;
  told.note("contoso.com", ToldBy::mta_sts, noon);
  told.note("contoso.com", ToldBy::dane, noon + 100);
  // A process that was told the first may live still.
  EXPECT_EQ(told.at(contoso, noon + 200), std::nullopt);
  EXPECT_EQ(told.at(contoso, noon + 50), ToldBy::mta_sts);
  told.note("contoso.com", ToldBy::dane, noon + 1200);
  EXPECT_EQ(told.at(contoso, noon + 1200), ToldBy::dane);
  told.note("[mx.contoso.com]:25", ToldBy::connector, noon + 1200);
  EXPECT_EQ(told.at({"contoso.com", "[mx.contoso.com]:25"}, noon + 1200), std::nullopt);
}

TEST(Told, ForgetsWhatWasUsedLongestAgo) {
  Told told(2);
  told.note("a.example", ToldBy::dane, noon);
  told.note("b.example", ToldBy::dane, noon);
  told.note("c.example", ToldBy::dane, noon);
  EXPECT_EQ(told.at({"a.example"}, noon), std::nullopt);
  EXPECT_EQ(told.at({"c.example"}, noon), ToldBy::dane);
}

}  // namespace
}  // namespace connectord::delivery
