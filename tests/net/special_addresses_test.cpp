#include "connectord/net/special_addresses.h"

#include <gtest/gtest.h>

#include <vector>

namespace connectord::net {
namespace {

struct Case {
  const char* address;
  const char* purpose;
};

TEST(SpecialAddresses, AreThoseOfTheRegistriesThatAreNotGloballyReachable) {
  for (const Case& one : {
           Case{"0.0.0.0", "no host"},
           Case{"0.255.255.255", "no host"},
           Case{"10.1.2.3", "private"},
           Case{"100.64.0.0", "shared"},
           Case{"100.127.255.255", "shared"},
           Case{"127.0.0.53", "loopback"},
           Case{"169.254.169.254", "link-local"},
           Case{"172.16.0.1", "private"},
           Case{"172.31.255.255", "private"},
           Case{"192.0.0.8", "no host"},
           Case{"192.168.255.1", "private"},
           Case{"198.18.0.1", "private"},
           Case{"198.19.255.255", "private"},
           Case{"224.0.0.1", "no host"},
           Case{"240.0.0.1", "no host"},
           Case{"255.255.255.255", "no host"},
           Case{"::", "loopback"},
           Case{"::1", "loopback"},
           Case{"::ffff:10.0.0.1", "private"},
           Case{"64:ff9b:1::1", "translated"},
           Case{"100::1", "no host"},
           Case{"100:0:0:1::1", "no host"},
           Case{"2001:2::1", "private"},
           Case{"2001:10::1", "no host"},
           Case{"5f00::1", "no host"},
           Case{"fd12:3456::1", "private"},
           Case{"fe80::1", "link-local"},
           Case{"ff02::1", "no host"},
       }) {
    EXPECT_EQ(special_purpose(IpAddress::parse(one.address).value()), one.purpose) << one.address;
  }
  for (const char* everywhere :
       {"1.1.1.1",         "9.255.255.255",    "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "172.32.0.1",      "192.0.1.1",        "192.88.99.1",     "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "192.0.2.1",        "198.51.100.1",    "203.0.113.1",    "2001:db8::1",
        "2001:4860::1",    "64:ff9b::808:808", "2002:808:808::1", "2001:0:1::1",    "2620:4f:8000::1"}) {
    EXPECT_EQ(special_purpose(IpAddress::parse(everywhere).value()), "") << everywhere;
  }
}

TEST(Reach, IsThePublicNetworkOnly) {
  for (const char* text : {"127.0.0.1",    "127.255.0.9",      "10.0.0.1",        "172.16.0.1",  "172.31.255.255",
                           "192.168.1.1",  "169.254.169.254",  "100.64.0.1",      "0.0.0.0",     "0.1.2.3",
                           "224.0.0.1",    "255.255.255.255",  "240.0.0.1",       "198.18.0.1",  "::1",
                           "::",           "fe80::1",          "fec0::1",         "fd00::1",     "fc00::1",
                           "ff02::1",      "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
                           "2002:7f00:1::"}) {
    EXPECT_NE(why_not_reached(IpAddress::parse(text).value(), {}), "") << text;
  }
  for (const char* text : {"192.0.2.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1",
                           "223.255.255.255", "2001:db8::1", "2a00:1450::1"}) {
    EXPECT_EQ(why_not_reached(IpAddress::parse(text).value(), {}), "") << text;
  }
}

TEST(Reach, GrowsByTheNetworksThatAreOurs) {
  const std::vector ours = {AddressRange::parse("10.1.0.0/16").value()};
  EXPECT_EQ(why_not_reached(IpAddress::parse("10.1.2.3").value(), ours), "");
  EXPECT_EQ(why_not_reached(IpAddress::parse("::ffff:10.1.2.3").value(), ours), "");
  EXPECT_EQ(why_not_reached(IpAddress::parse("10.2.2.3").value(), ours), "private");
}

}  // namespace
}  // namespace connectord::net
