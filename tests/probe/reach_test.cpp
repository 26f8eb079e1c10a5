#include "probe/reach.h"

#include <gtest/gtest.h>

namespace connectord::probe {
namespace {

net::IpAddress address(const char* text) {
  return net::IpAddress::parse(text).value();
}

TEST(Reach, IsThePublicNetworkOnly) {
  for (const char* text : {"127.0.0.1",    "127.255.0.9",      "10.0.0.1",        "172.16.0.1",  "172.31.255.255",
                           "192.168.1.1",  "169.254.169.254",  "100.64.0.1",      "0.0.0.0",     "0.1.2.3",
                           "224.0.0.1",    "255.255.255.255",  "240.0.0.1",       "198.18.0.1",  "::1",
                           "::",           "fe80::1",          "fec0::1",         "fd00::1",     "fc00::1",
                           "ff02::1",      "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
                           "2002:7f00:1::"}) {
    EXPECT_NE(why_not_reached(address(text), {}), "") << text;
  }
  for (const char* text : {"192.0.2.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1",
                           "223.255.255.255", "2001:db8::1", "2a00:1450::1"}) {
    EXPECT_EQ(why_not_reached(address(text), {}), "") << text;
  }
}

TEST(Reach, GrowsByTheNetworksThatAreOurs) {
  const std::vector ours = {net::AddressRange::parse("10.1.0.0/16").value()};
  EXPECT_EQ(why_not_reached(address("10.1.2.3"), ours), "");
  EXPECT_EQ(why_not_reached(address("::ffff:10.1.2.3"), ours), "");
  EXPECT_EQ(why_not_reached(address("10.2.2.3"), ours), "private");
}

TEST(Reach, OfThisMachineIsTheLoopback) {
  EXPECT_TRUE(is_of_this_machine(address("127.0.0.1")));
  EXPECT_TRUE(is_of_this_machine(address("127.0.0.77")));
  EXPECT_TRUE(is_of_this_machine(address("::1")));
  EXPECT_FALSE(is_of_this_machine(address("198.51.100.7")));
}

}  // namespace
}  // namespace connectord::probe
