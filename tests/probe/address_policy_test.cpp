#include "probe/address_policy.h"

#include <gtest/gtest.h>

namespace connectord::probe {
namespace {

net::IpAddress address(const char* text) {
  return net::IpAddress::parse(text).value();
}

TEST(Reach, OfThisMachineIsTheLoopback) {
  EXPECT_TRUE(is_of_this_machine(address("127.0.0.1")));
  EXPECT_TRUE(is_of_this_machine(address("127.0.0.77")));
  EXPECT_TRUE(is_of_this_machine(address("::1")));
  EXPECT_FALSE(is_of_this_machine(address("198.51.100.7")));
}

}  // namespace
}  // namespace connectord::probe
