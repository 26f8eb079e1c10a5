#include <gtest/gtest.h>

#include "connectord/net/domain_name.h"
#include "connectord/net/endpoint.h"
#include "connectord/net/ip_address.h"

namespace connectord::net {
namespace {

TEST(IpAddress, ReadsWhatIsAnAddressAndNothingElse) {
  const std::vector<std::pair<std::string, std::string>> good = {
      {"203.0.113.9", "203.0.113.9"},
      {"2001:DB8:0::1", "2001:db8::1"},
      {"::ffff:203.0.113.9", "203.0.113.9"},
      {"[203.0.113.9]", "203.0.113.9"},
      {"[IPv6:2001:db8::1]", "2001:db8::1"},
      {"ipv6:::1", "::1"},
      {"::", "::"},
  };
  for (const auto& [text, expected] : good) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), expected);
  }
  for (const std::string_view text : {"", "unknown", "203.0.113", "203.0.113.256", "203.0.113.9/32", "fe80::1%eth0",
                                      "0x7f.1", "203.0.113.09 ", "[]", "1:2:3:4:5:6:7:8:9"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("203.0.113.9\0x", 13)));
}

struct RangeCase {
  std::string text;
  std::string first;
  std::string last;
  std::size_t blocks;
};

TEST(AddressRange, ReadsBlocksRangesAndAddresses) {
  for (const RangeCase& one : std::vector<RangeCase>{
           {"203.0.113.0/24", "203.0.113.0", "203.0.113.255", 1},
           {"198.51.100.7", "198.51.100.7", "198.51.100.7", 1},
           {"198.51.100.10-198.51.100.20", "198.51.100.10", "198.51.100.20", 4},
           {"198.51.100.10 - 198.51.100.20", "198.51.100.10", "198.51.100.20", 4},
           {"0.0.0.0/0", "0.0.0.0", "255.255.255.255", 1},
           {"0.0.0.0-255.255.255.255", "0.0.0.0", "255.255.255.255", 1},
           {"0.0.0.1-255.255.255.254", "0.0.0.1", "255.255.255.254", 62},
           {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1},
           {"2001:db8:40::/48", "2001:db8:40::", "2001:db8:40:ffff:ffff:ffff:ffff:ffff", 1},
           {"::ffff:203.0.113.0/120", "203.0.113.0", "203.0.113.255", 1},
           {"::1-::2", "::1", "::2", 2},
           {"2001:db8::/127", "2001:db8::", "2001:db8::1", 1},
       }) {
    const auto range = AddressRange::parse(one.text);
    ASSERT_TRUE(range) << one.text << ": " << range.error();
    EXPECT_EQ(range->first().to_string(), one.first) << one.text;
    EXPECT_EQ(range->last().to_string(), one.last) << one.text;
    EXPECT_EQ(range->prefixes().size(), one.blocks) << one.text;
  }
}

TEST(AddressRange, SaysWhatToWriteInstead) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"203.0.113.9/24", "the block is 203.0.113.0/24, the single address is 203.0.113.9"},
      {"2001:db8:40::1/48", "the block is 2001:db8:40::/48"},
      {"203.0.113.0/33", "a number from 0 to 32"},
      {"2001:db8::/129", "a number from 0 to 128"},
      {"::ffff:203.0.113.0/24", "a number from 96 to 128"},
      {"203.0.113.0/", "a number from 0 to 32"},
      {"203.0.113.0/255.255.255.0", "a number from 0 to 32"},
      {"203.0.113.20-203.0.113.10", "write 203.0.113.10-203.0.113.20"},
      {"203.0.113.1-2001:db8::1", "mixes IPv4 and IPv6"},
      {"::/80", "begins as IPv6 and ends as IPv4"},
      {"mail.contoso.com", "is not an IP address"},
      {"", "is not an IP address"},
  };
  for (const auto& [text, expected] : bad) {
    const auto range = AddressRange::parse(text);
    ASSERT_FALSE(range) << text;
    EXPECT_NE(range.error().find(expected), std::string::npos) << range.error();
  }
}

TEST(AddressRange, ContainsNoAddressOfTheOtherFamily) {
  const auto all_v6 = AddressRange::parse("::/0").value();
  const auto all_v4 = AddressRange::parse("0.0.0.0/0").value();
  const auto v4 = IpAddress::parse("::ffff:203.0.113.9").value();
  const auto v6 = IpAddress::parse("2001:db8::1").value();
  EXPECT_FALSE(all_v6.contains(v4));
  EXPECT_TRUE(all_v6.contains(v6));
  EXPECT_TRUE(all_v4.contains(v4));
  EXPECT_FALSE(all_v4.contains(v6));
}

TEST(DomainName, HasOneFormForAllSpellings) {
  const std::vector<std::pair<std::string, std::string>> good = {
      {"Contoso.COM", "contoso.com"},
      {"contoso.com.", "contoso.com"},
      {"bücher.example", "xn--bcher-kva.example"},
      {"BÜCHER.example", "xn--bcher-kva.example"},
      {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
      {"_dmarc.x", "_dmarc.x"},
      {"contoso。com", "contoso.com"},
      {"localhost", "localhost"},
  };
  for (const auto& [text, expected] : good) EXPECT_EQ(normalize_domain(text), expected) << text;
  const std::string long_label(64, 'a');
  for (const std::string& text :
       {std::string(), std::string("."), std::string("a..b"), std::string(".a"), std::string("a b"), std::string("a@b"),
        std::string("*.a"), std::string("a\0b", 3), long_label, std::string(300, 'a'), std::string("\xff\xfe.example"),
        std::string("a,b"), std::string("[1.2.3.4]")}) {
    EXPECT_FALSE(normalize_domain(text)) << text;
  }
}

TEST(DomainPattern, CoversWhatItSays) {
  struct Case {
    std::string pattern;
    std::string domain;
    bool matches;
  };
  for (const Case& one : std::vector<Case>{{"contoso.com", "contoso.com", true},
                                           {"contoso.com", "x.contoso.com", false},
                                           {"*.contoso.com", "contoso.com", true},
                                           {"*.contoso.com", "a.b.contoso.com", true},
                                           {"*.contoso.com", "evilcontoso.com", false},
                                           {"*.contoso.com", "com", false},
                                           {"*", "anything.example", true}}) {
    EXPECT_EQ(DomainPattern::parse(one.pattern).value().matches(one.domain), one.matches)
        << one.pattern << " " << one.domain;
  }
  for (const std::string_view text : {"", "*.", "**.com", "a.*.com", "*contoso.com", "a b", "@contoso.com"}) {
    EXPECT_FALSE(DomainPattern::parse(text)) << text;
  }
}

TEST(Endpoint, TakesPostfixNotation) {
  const auto socket = Endpoint::parse("unix:/run/connectord/milter.sock").value();
  EXPECT_EQ(socket.path, "/run/connectord/milter.sock");
  const auto inet = Endpoint::parse("inet:127.0.0.1:8025").value();
  EXPECT_EQ(inet.host, "127.0.0.1");
  EXPECT_EQ(inet.port, 8025);
  EXPECT_EQ(Endpoint::parse("inet:[2001:db8::1]:25").value().to_string(), "inet:[2001:db8::1]:25");
  for (const std::string_view text : {"", "/run/x", "unix:relative", "unix:", "inet:8025", "inet:host:", "inet:host:0",
                                      "inet:host:65536", "inet:::1:25", "inet::25", "tcp:host:25", "inet:ho st:25"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
  EXPECT_FALSE(Endpoint::parse("unix:/" + std::string(200, 'x')));
}

}  // namespace
}  // namespace connectord::net
