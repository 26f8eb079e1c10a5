#include "connectord/net/address_domain.h"

#include <gtest/gtest.h>

namespace connectord::net {
namespace {

TEST(AddressDomain, IsNormalizedAndBehindTheLastAt) {
  EXPECT_EQ(domain_of_address("a@Example.COM."), "example.com");
  EXPECT_EQ(domain_of_address("\"a@b.example\"@example.com"), "example.com");
  EXPECT_EQ(domain_of_address("a@b\xc3\xbc"
                              "cher.example"),
            "xn--bcher-kva.example");
}

TEST(AddressDomain, IsMissingWhereNoneIsOrWhereItIsNoName) {
  for (const char* address : {"", "root", "a@", "a@b..example", "a@[192.0.2.1]"}) {
    EXPECT_EQ(domain_of_address(address), std::nullopt) << address;
  }
}

}  // namespace
}  // namespace connectord::net
