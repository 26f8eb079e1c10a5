#include "connectord/dns/names.h"

#include <gtest/gtest.h>

namespace connectord::dns {
namespace {

TEST(DnsNames, ReverseNamesStandBelowArpa) {
  EXPECT_EQ(reverse_name(net::IpAddress::parse("192.0.2.7").value()), "7.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(net::IpAddress::parse("2001:db8::1").value()),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(DnsNames, LongTextsStandInPiecesAndQuotesAreEscaped) {
  EXPECT_EQ(txt_line("a.example", "v=spf1 -all"), "a.example. IN TXT ( \"v=spf1 -all\" )");
  EXPECT_EQ(txt_line("a.example", R"(say "\")"), R"(a.example. IN TXT ( "say \"\\\"" ))");
  EXPECT_EQ(txt_line("a.example", std::string(300, 'x')),
            "a.example. IN TXT ( \"" + std::string(255, 'x') + "\" \"" + std::string(45, 'x') + "\" )");
}

}  // namespace
}  // namespace connectord::dns
