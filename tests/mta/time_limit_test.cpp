#include "connectord/mta/time_limit.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace connectord::mta {
namespace {

TEST(MtaSeconds, AreReadAsTheMailServersReadThem) {
  for (const auto& [text, seconds] :
       std::vector<std::pair<std::string, std::optional<long>>>{{"30s", 30},
                                                                {"2m", 120},
                                                                {"1h30m", 5400},
                                                                {"90", 90},
                                                                {"1d", 86'400},
                                                                {"", std::nullopt},
                                                                {"x", std::nullopt},
                                                                {"3x", std::nullopt},
                                                                {"-1s", std::nullopt},
                                                                {"99999999999999999999s", std::nullopt},
                                                                {"52w52w", std::nullopt}}) {
    EXPECT_EQ(mta_seconds(text), seconds) << text;
  }
}

TEST(MtaSeconds, TakeTheParametersUnitWhereNoneIsWritten) {
  EXPECT_EQ(mta_seconds("5", 'd'), 432'000);
  EXPECT_EQ(mta_seconds("5h", 'd'), 18'000);
}

}  // namespace
}  // namespace connectord::mta
