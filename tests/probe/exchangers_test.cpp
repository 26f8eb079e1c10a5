#include "connectord/probe/exchangers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "dns/zone.h"

namespace connectord::probe {
namespace {

using dns::testing::Zone;
using dns::testing::ZoneResolver;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t first_look = 1'795'392'000;

KnownExchangers looked_up(const Zone& zone, const std::string& domain, const Exchangers& known = {},
                          std::int64_t now = first_look) {
  ZoneResolver resolver(zone);
  const ThisMachine machine{{"mx.example.net"}, {net::IpAddress::parse("192.0.2.1").value()}};
  return look_up_exchangers(domain, machine, known, resolver, now).value();
}

TEST(ExchangersOfOurDomains, AreThisMachineByItsNameOrItsAddress) {
  Zone zone;
  zone.mx("example.net", 10, "MX.Example.NET.").mx("example.net", 20, "backup.example.org");
  zone.mx("example.com", 10, "other.example.org").address("other.example.org", "192.0.2.1");
  zone.mx("example.org", 10, "backup.example.org").address("backup.example.org", "203.0.113.9");
  const auto by_name = looked_up(zone, "example.net");
  EXPECT_THAT(by_name.hosts, ElementsAre("backup.example.org", "mx.example.net"));
  EXPECT_TRUE(by_name.is_here);
  EXPECT_FALSE(by_name.has_changed);
  EXPECT_TRUE(looked_up(zone, "example.com").is_here);
  EXPECT_FALSE(looked_up(zone, "example.org").is_here);
}

TEST(ExchangersOfOurDomains, AreRememberedAsTheyWereBefore) {
  Zone before;
  before.mx("example.net", 10, "mx.example.net");
  const Exchangers known = {{"example.net", looked_up(before, "example.net")}};
  EXPECT_EQ(looked_up(before, "example.net", known, first_look + 3600), known.at("example.net"));
  Zone after;
  after.mx("example.net", 10, "mx.elsewhere.example");
  const auto changed = looked_up(after, "example.net", known, first_look + 7200);
  EXPECT_TRUE(changed.has_changed);
  EXPECT_EQ(changed.since, first_look + 7200);
  EXPECT_THAT(changed.before, ElementsAre("mx.example.net"));
  EXPECT_FALSE(changed.is_here);
}

TEST(ExchangersOfOurDomains, MayBeNobodyOrTheDomainItself) {
  Zone zone;
  zone.mx("null.example", 0, "").address("host.example", "192.0.2.1");
  EXPECT_THAT(looked_up(zone, "null.example").hosts, IsEmpty());
  EXPECT_THAT(looked_up(zone, "gone.example").hosts, IsEmpty());
  EXPECT_THAT(looked_up(zone, "host.example").hosts, ElementsAre("host.example"));
  EXPECT_TRUE(looked_up(zone, "host.example").is_here);
}

// DNS that is away.
class SilentResolver : public dns::Resolver {
 public:
  void resolve(const dns::Question&, const std::string&, Callback callback) override {
    callback(dns::answer_without_records(dns::Status::timeout));
  }
};

TEST(ExchangersOfOurDomains, StayAsTheyWereWhileDnsIsAway) {
  Zone zone;
  zone.mx("example.net", 10, "mx.example.net");
  const Exchangers known = {{"example.net", looked_up(zone, "example.net")}};
  SilentResolver silent;
  EXPECT_EQ(look_up_exchangers("example.net", {}, known, silent, first_look + 60), known.at("example.net"));
  EXPECT_FALSE(look_up_exchangers("new.example", {}, known, silent, first_look + 60));
}

TEST(ExchangersOfOurDomains, AreKeptInAFile) {
  std::string folder = ::testing::TempDir() + "exchangers-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  EXPECT_EQ(read_exchangers(folder).looked, 0);
  Zone zone;
  zone.mx("example.net", 10, "mx.example.net");
  const KeptExchangers kept{.looked = first_look, .exchangers = {{"example.net", looked_up(zone, "example.net")}}};
  ASSERT_TRUE(write_exchangers(folder, kept));
  EXPECT_EQ(read_exchangers(folder).looked, first_look);
  EXPECT_EQ(read_exchangers(folder).exchangers, kept.exchangers);
  for (const char* damaged :
       {"{", "[]", R"({"looked": "x", "domains": {"a": 1, "b": {"hosts": [1], "since": "y"}}})"}) {
    std::ofstream(folder + "/exchangers.json") << damaged;
    EXPECT_EQ(read_exchangers(folder).looked, 0) << damaged;
  }
  std::filesystem::remove_all(folder);
}

TEST(ExchangersOfOurDomains, AreNotThoseOfPatterns) {
  model::Configuration configuration;
  for (const char* text : {"example.net", "*.example.org", "*"})
    configuration.organization.accepted_domains.push_back(net::DomainPattern::parse(text).value());
  EXPECT_THAT(domains_to_look_up(configuration), ElementsAre("example.net"));
}

}  // namespace
}  // namespace connectord::probe
