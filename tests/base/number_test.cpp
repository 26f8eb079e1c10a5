#include "connectord/base/number.h"

#include <gtest/gtest.h>

namespace connectord::base {
namespace {

TEST(Number, IsWhatTheAttributeBeginsWithOrNothing) {
  struct Case {
    std::string_view text;
    std::uint16_t number;
  };
  const Case cases[] = {{"25", 25},  {"65535", 65535}, {"256/256", 256}, {"0025", 25}, {"", 0},
                        {"smtp", 0}, {" 25", 0},       {"-1", 0},        {"65536", 0}, {"99999999999999999999", 0}};
  for (const Case& c : cases) EXPECT_EQ(number_of(c.text), c.number) << c.text;
}

TEST(WholeNumber, IsNothingButItsDigits) {
  EXPECT_EQ(whole_number<std::int64_t>("-25"), -25);
  EXPECT_EQ(whole_number<std::size_t>("0025"), 25U);
  for (const char* text : {"", " 25", "25 ", "+25", "2x", "99999999999999999999"}) {
    EXPECT_FALSE(whole_number<std::int64_t>(text)) << text;
  }
  EXPECT_FALSE(whole_number<std::size_t>("-1"));
}

}  // namespace
}  // namespace connectord::base
