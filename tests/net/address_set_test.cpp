#include "connectord/net/address_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

namespace connectord::net {
namespace {

std::vector<AddressRange> ranges(const std::vector<std::string>& texts) {
  std::vector<AddressRange> made;
  for (const auto& text : texts) made.push_back(AddressRange::parse(text).value());
  return made;
}

TEST(AddressSet, HoldsWhatItsRangesHold) {
  const AddressSet set(ranges({"192.0.2.0/24", "10.0.0.0/8", "10.1.0.0/16", "198.51.100.7", "10.255.255.250-11.0.0.5",
                               "2001:db8::/32", "::/96", "203.0.113.5-203.0.113.9"}));
  struct Case {
    const char* address;
    bool inside;
  };
  for (const auto& [address, inside] : {Case{"192.0.2.0", true},
                                        Case{"192.0.2.255", true},
                                        Case{"192.0.1.255", false},
                                        Case{"192.0.3.0", false},
                                        Case{"10.0.0.0", true},
                                        Case{"10.200.0.1", true},
                                        Case{"11.0.0.5", true},
                                        Case{"11.0.0.6", false},
                                        Case{"9.255.255.255", false},
                                        Case{"198.51.100.7", true},
                                        Case{"198.51.100.8", false},
                                        Case{"203.0.113.4", false},
                                        Case{"203.0.113.9", true},
                                        Case{"203.0.113.10", false},
                                        Case{"0.0.0.0", false},
                                        Case{"255.255.255.255", false},
                                        Case{"2001:db8::1", true},
                                        Case{"2001:db9::", false},
                                        Case{"::1", true},
                                        Case{"::ffff:10.0.0.1", true},
                                        Case{"::ffff:12.0.0.1", false},
                                        Case{"ffff::", false}}) {
    EXPECT_EQ(set.contains(IpAddress::parse(address).value()), inside) << address;
  }
}

TEST(AddressSet, HoldsNothingWithoutRanges) {
  EXPECT_FALSE(AddressSet().contains(IpAddress::parse("192.0.2.1").value()));
  EXPECT_FALSE(AddressSet(ranges({})).contains(IpAddress()));
}

TEST(AddressSet, SaysOfAnyAddressWhatTheRangesSayOneByOne) {
  std::mt19937 random(1);  // NOLINT: the same addresses in every run
  std::uniform_int_distribution<unsigned> byte(0, 15);
  const auto address = [&] {
    return IpAddress::from_v4(
        {10, 0, static_cast<std::uint8_t>(byte(random)), static_cast<std::uint8_t>(byte(random))});
  };
  for (int run = 0; run < 50; ++run) {
    std::vector<std::string> texts;
    for (int i = 0; i < 12; ++i) {
      const std::pair<IpAddress, IpAddress> ends = std::minmax({address(), address()});
      texts.push_back(ends.first.to_string() + "-" + ends.second.to_string());
      if (i % 3 == 0) texts.back() = ends.first.to_string();
    }
    const auto made = ranges(texts);
    const AddressSet set(made);
    for (int i = 0; i < 200; ++i) {
      const IpAddress asked = address();
      const bool inside =
          std::any_of(made.begin(), made.end(), [&](const auto& range) { return range.contains(asked); });
      ASSERT_EQ(set.contains(asked), inside) << asked.to_string();
    }
  }
}

}  // namespace
}  // namespace connectord::net
