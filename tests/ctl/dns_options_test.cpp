#include "ctl/dns_options.h"

#include <gtest/gtest.h>

namespace connectord::ctl {
namespace {

class DnsOptions : public testing::Test {
 protected:
  DnsOptions() {
    configuration_.server.host_name = "mx.example.net";
    configuration_.organization.accepted_domains = {net::DomainPattern::parse("example.net").value()};
    model::Signing signing;
    signing.domain = net::DomainPattern::parse("signed.example").value();
    signing.selector = "s1";
    configuration_.signing = {signing};
  }

  probe::DomainOptions options(const DnsArguments& arguments) {
    return dns_options(arguments, configuration_, {own_}).value();
  }

  model::Configuration configuration_;
  net::IpAddress own_ = net::IpAddress::parse("192.0.2.1").value();
};

TEST_F(DnsOptions, OfOurOwnDomainsMailLeavesFromHere) {
  for (const char* domain : {"example.net", "signed.example"}) {
    EXPECT_EQ(options({domain, {}, {}}).senders, std::vector{own_}) << domain;
    EXPECT_EQ(options({domain, {}, {}}).host_name, "mx.example.net") << domain;
  }
  const auto other = net::IpAddress::parse("192.0.2.9").value();
  EXPECT_EQ(options({"example.net", {}, {"192.0.2.9"}}).senders, std::vector{other});
}

TEST_F(DnsOptions, ASelectorSaysNothingOfWhoseDomainItIs) {
  const auto partner = options({"partner.test", {"s1"}, {}});
  EXPECT_TRUE(partner.senders.empty());
  EXPECT_EQ(partner.host_name, "");
  ASSERT_EQ(partner.selectors.size(), 1U);
  EXPECT_EQ(partner.selectors[0].selector, "s1");
  EXPECT_EQ(partner.selectors[0].domain, "partner.test");
  EXPECT_EQ(options({"example.net", {"s1"}, {}}).senders, std::vector{own_});
}

TEST_F(DnsOptions, WhatIsWrongWithTheArgumentsIsNamed) {
  for (const DnsArguments& arguments : {DnsArguments{"no domain", {}, {}}, DnsArguments{"example.net", {"a b"}, {}},
                                        DnsArguments{"example.net", {}, {"192.0.2.999"}}}) {
    EXPECT_FALSE(dns_options(arguments, configuration_, {}));
  }
}

}  // namespace
}  // namespace connectord::ctl
