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

}  // namespace
}  // namespace connectord::base
