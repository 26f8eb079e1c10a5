#include "connectord/mail/skip_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::mail {
namespace {

using testing::ElementsAre;

std::string from(const std::string& address, const std::string& helo = "mail.example.com") {
  return "from " + helo + " (" + helo + " [" + address + "]) by gw.example.net (Postfix) with ESMTP id 1; date";
}

SkipRules filtering(bool skip_last, const std::vector<std::string>& networks) {
  std::vector<net::AddressRange> ranges;
  for (const auto& network : networks) ranges.push_back(net::AddressRange::parse(network).value());
  return {skip_last, net::AddressSet(ranges)};
}

OriginalClient find(const std::string& connecting, const std::vector<std::string>& received, const SkipRules& rules) {
  const ConnectingClient client{net::IpAddress::parse(connecting).value(), "gw.example.net", "gw.example.net"};
  return find_original_client(client, {received.begin(), received.end()}, rules);
}

std::vector<std::string> trail_of(const OriginalClient& client) {
  std::vector<std::string> trail;
  for (const Hop& hop : client.trail) trail.push_back(to_string(hop));
  return trail;
}

TEST(SkipListing, AClientThatIsNotListedIsTheOriginalClientWhateverTheHeadersSay) {
  const auto client = find("198.51.100.66", {from("203.0.113.5")}, filtering(false, {"192.0.2.0/24"}));
  EXPECT_EQ(client.address.to_string(), "198.51.100.66");
  EXPECT_EQ(client.helo, "gw.example.net");
  EXPECT_EQ(client.header, 0U);
  EXPECT_THAT(trail_of(client), ElementsAre("connection: 198.51.100.66 taken"));
}

TEST(SkipListing, BehindAListedGatewayTheClientOfItsFieldIsTaken) {
  const auto client = find("192.0.2.10", {from("203.0.113.5", "mail.example.org"), from("198.51.100.1")},
                           filtering(false, {"192.0.2.0/24"}));
  EXPECT_EQ(client.address.to_string(), "203.0.113.5");
  EXPECT_EQ(client.helo, "mail.example.org");
  EXPECT_EQ(client.client_name, "mail.example.org");
  EXPECT_EQ(client.header, 1U);
  EXPECT_EQ(client.stopped, "");
  EXPECT_THAT(trail_of(client), ElementsAre("connection: 192.0.2.10 skipped, listed", "Received 1: 203.0.113.5 taken"));
}

TEST(SkipListing, AFieldBelowTheFirstUnlistedHopIsNeverBelieved) {
  // The sender forges a field of a listed host, with an address that would pass.
  const auto client = find("192.0.2.10", {from("203.0.113.66"), from("192.0.2.11"), from("198.51.100.1")},
                           filtering(false, {"192.0.2.0/24"}));
  EXPECT_EQ(client.address.to_string(), "203.0.113.66");
}

TEST(SkipListing, SkipLastSkipsTheConnectingClientOnly) {
  const auto client = find("192.0.2.10", {from("192.0.2.11"), from("203.0.113.5")}, filtering(true, {}));
  EXPECT_EQ(client.address.to_string(), "192.0.2.11");
  EXPECT_THAT(trail_of(client),
              ElementsAre("connection: 192.0.2.10 skipped as the last hop", "Received 1: 192.0.2.11 taken"));
}

TEST(SkipListing, ListedHopsAreSkippedOneAfterTheOther) {
  const auto client = find("192.0.2.10",
                           {"by gw.example.net (Postfix, from userid 110) id 1; date", from("127.0.0.1"),
                            from("10.1.2.3"), from("2001:db8:40::7"), from("192.0.2.200"), from("203.0.113.5")},
                           filtering(false, {"192.0.2.0/24", "2001:db8:40::/48"}));
  EXPECT_EQ(client.address.to_string(), "203.0.113.5");
  EXPECT_EQ(client.header, 6U);
  EXPECT_THAT(trail_of(client),
              ElementsAre("connection: 192.0.2.10 skipped, listed", "Received 1: skipped, handed on inside a host",
                          "Received 2: 127.0.0.1 skipped, private", "Received 3: 10.1.2.3 skipped, private",
                          "Received 4: 2001:db8:40::7 skipped, listed", "Received 5: 192.0.2.200 skipped, listed",
                          "Received 6: 203.0.113.5 taken"));
}

TEST(SkipListing, AnAddressThatIsNotOfThePublicNetworkIsNobodysOriginalClient) {
  for (const char* inside : {"100.64.1.2", "100.127.255.254", "10.1.2.3", "169.254.1.1", "192.0.0.8", "198.18.0.1",
                             "0.0.0.0", "240.0.0.1", "fe80::1", "100::1", "2001:2::1"}) {
    const auto client = find("192.0.2.10", {from(inside), from("203.0.113.5")}, filtering(false, {"192.0.2.0/24"}));
    EXPECT_EQ(client.address.to_string(), "203.0.113.5") << inside;
    EXPECT_EQ(find("192.0.2.10", {from(inside)}, filtering(false, {"192.0.2.0/24"})).header, 0U) << inside;
  }
  EXPECT_EQ(find("192.0.2.10", {from("100.128.1.2")}, filtering(false, {"192.0.2.0/24"})).address.to_string(),
            "100.128.1.2");
}

TEST(SkipListing, AConnectionFromInsideIsSkippedOnlyIfTheConfigurationSaysSo) {
  for (const char* inside : {"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "100.64.1.2", "fd00::1", "fe80::1"}) {
    const std::vector<std::string> fields = {from("203.0.113.5")};
    EXPECT_EQ(find(inside, fields, filtering(false, {"192.0.2.0/24"})).header, 0U) << inside;
    EXPECT_EQ(find(inside, fields, filtering(true, {})).address.to_string(), "203.0.113.5") << inside;
    EXPECT_EQ(find(inside, fields, filtering(false, {inside})).address.to_string(), "203.0.113.5") << inside;
  }
}

TEST(SkipListing, WhatCannotBeReadEndsTheSearchAtTheLastPublicAddress) {
  const struct {
    std::string field;
    std::string stopped;
  } cases[] = {
      {"rubbish", "Received 2 cannot be used: neither \"from\" nor \"by\""},
      {"from mail.example.com by gw.example.net with LMTP; date",
       "Received 2 cannot be used: the receiving host recorded no client address"},
      {"from [203.0.113.5] by gw.example.net with SMTP; date",
       "Received 2 cannot be used: the receiving host recorded no client address"},
      {"from x (y [203.0.113.5]) (z [198.51.100.1]) by gw.example.net with SMTP; date",
       "Received 2 cannot be used: it records several client addresses"},
      {"from x (y [203.0.113.5] by gw.example.net",
       "Received 2 cannot be used: a comment that is not closed, or nested too deep"},
  };
  for (const auto& c : cases) {
    const auto client =
        find("192.0.2.10", {from("10.1.2.3"), c.field, from("198.51.100.1")}, filtering(false, {"192.0.2.0/24"}));
    EXPECT_EQ(client.address.to_string(), "192.0.2.10") << c.field;
    EXPECT_EQ(client.helo, "gw.example.net") << c.field;
    EXPECT_EQ(client.stopped, c.stopped);
    EXPECT_EQ(client.trail.back().verdict, HopVerdict::unreadable) << c.field;
  }
}

TEST(SkipListing, MailThatBeganAtASkippedHostKeepsThatHostsAddress) {
  const auto rules = filtering(true, {"192.0.2.0/24"});
  const auto nothing = find("192.0.2.10", {}, rules);
  EXPECT_EQ(nothing.address.to_string(), "192.0.2.10");
  EXPECT_EQ(nothing.stopped, "no further Received field");
  const auto inside = find("192.0.2.10", {from("192.0.2.11", "inner.example.net"), from("10.1.2.3")}, rules);
  EXPECT_EQ(inside.address.to_string(), "192.0.2.11");
  EXPECT_EQ(inside.helo, "inner.example.net");
  EXPECT_EQ(inside.header, 1U);
}

TEST(SkipListing, TheNumberOfFieldsIsBounded) {
  const std::vector<std::string> many(10'000, from("127.0.0.1"));
  const auto client = find("192.0.2.10", many, filtering(true, {}));
  EXPECT_EQ(client.address.to_string(), "192.0.2.10");
  EXPECT_EQ(client.trail.size(), max_received_fields + 1);
  EXPECT_EQ(client.stopped, "more than 64 Received fields");
}

TEST(SkipListing, AnIpv4MappedAddressIsItsIpv4Address) {
  const auto client = find("::ffff:192.0.2.10", {from("IPv6:::ffff:203.0.113.5")}, filtering(false, {"192.0.2.10"}));
  EXPECT_EQ(client.address.to_string(), "203.0.113.5");
}

TEST(SkipListing, TheOriginIsKnownOnlyWhereTheWayWasFollowedToItsBeginning) {
  struct Case {
    std::string title;
    std::string connecting;
    std::vector<std::string> received;
    SkipRules rules;
    std::string origin;
  };
  const std::string pickup = "by inside.example.net (Postfix, from userid 1000) id 1; date";
  const auto listed = filtering(false, {"192.0.2.0/24"});
  for (const Case& one : std::vector<Case>{
           {"a client that is not listed", "198.51.100.66", {from("203.0.113.5")}, listed, "198.51.100.66"},
           {"a stranger behind the gateway",
            "192.0.2.10",
            {from("203.0.113.5"), from("10.1.2.3")},
            listed,
            "203.0.113.5"},
           {"a machine inside", "192.0.2.10", {from("10.1.2.3")}, listed, "10.1.2.3"},
           {"a machine inside, by its sendmail command", "192.0.2.10", {from("10.1.2.3"), pickup}, listed, "10.1.2.3"},
           {"a machine inside, by a program of it",
            "192.0.2.10",
            {from("10.1.2.3"), from("127.0.0.1")},
            listed,
            "10.1.2.3"},
           {"a program of the gateway", "192.0.2.10", {from("127.0.0.1")}, listed, ""},
           {"a stranger behind a machine inside",
            "192.0.2.10",
            {from("10.1.2.3"), from("203.0.113.5")},
            listed,
            "203.0.113.5"},
           {"no Received field at all", "192.0.2.10", {}, listed, ""},
           {"the gateway itself says so", "192.0.2.10", {pickup}, listed, ""},
           {"another listed host", "192.0.2.10", {from("192.0.2.11")}, listed, ""},
           {"a field that cannot be read", "192.0.2.10", {from("10.1.2.3"), "nonsense"}, listed, ""},
           {"skip_last", "192.0.2.10", {from("192.0.2.11")}, filtering(true, {}), "192.0.2.11"},
           {"too many fields", "192.0.2.10", std::vector<std::string>(65, from("10.1.2.3")), listed, ""}}) {
    const auto origin = origin_of(find(one.connecting, one.received, one.rules));
    EXPECT_EQ(origin ? origin->to_string() : "", one.origin) << one.title;
  }
}

}  // namespace
}  // namespace connectord::mail
