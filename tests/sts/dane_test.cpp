#include "connectord/sts/dane.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dns/zone.h"

namespace connectord::sts {
namespace {

using dns::testing::Zone;
using dns::testing::ZoneResolver;
using State = DaneFinding::State;

const dns::Tlsa usable{3, 1, 1, std::string(32, '\x5f')};
const dns::Tlsa of_public_authority{0, 1, 1, std::string(32, '\x5f')};

model::SmartHost domain(const std::string& name) {
  return {.host = name, .look_up_mx = true, .port = std::nullopt};
}

// A domain with one host; all of it signed but what `without` names.
Zone zone_with(const std::vector<std::string>& without = {}) {
  Zone zone;
  zone.mx("contoso.com", 10, "mx.contoso.com").address("mx.contoso.com", "192.0.2.1");
  zone.tlsa("_25._tcp.mx.contoso.com", usable);
  for (const char* name : {"contoso.com", "mx.contoso.com", "_25._tcp.mx.contoso.com"}) {
    if (std::find(without.begin(), without.end(), name) == without.end()) zone.signed_at(name);
  }
  return zone;
}

DaneFinding find_in(const Zone& zone, const model::SmartHost& next_hop = domain("contoso.com")) {
  ZoneResolver resolver(zone);
  return find_dane(resolver, next_hop);
}

TEST(DaneOfNextHop, IsPresentOnlyWhereDnsVouchesForAllOfTheWay) {
  EXPECT_EQ(find_in(zone_with()).state, State::present);
  for (const char* name : {"contoso.com", "mx.contoso.com", "_25._tcp.mx.contoso.com"}) {
    EXPECT_EQ(find_in(zone_with({name})).state, State::absent) << name;
  }
}

TEST(DaneOfNextHop, NeedsARecordThatCountsForSmtp) {
  Zone zone;
  zone.mx("contoso.com", 10, "mx.contoso.com").address("mx.contoso.com", "192.0.2.1");
  zone.signed_at("contoso.com").signed_at("mx.contoso.com").signed_at("_25._tcp.mx.contoso.com");
  EXPECT_EQ(find_in(zone).state, State::absent);
  EXPECT_EQ(find_in(zone).words, "no TLSA records of _25._tcp.mx.contoso.com");
  zone.tlsa("_25._tcp.mx.contoso.com", of_public_authority);
  EXPECT_EQ(find_in(zone).state, State::absent);
  // As while a key is changed over.
  zone.tlsa("_25._tcp.mx.contoso.com", usable);
  EXPECT_EQ(find_in(zone).state, State::present);
}

TEST(DaneOfNextHop, IsThatOfAnyOfTheHosts) {
  Zone zone = zone_with();
  zone.mx("contoso.com", 5, "plain.contoso.com").address("plain.contoso.com", "192.0.2.2");
  EXPECT_EQ(find_in(zone).state, State::present);
}

TEST(DaneOfNextHop, IsNotKnownWhereDnsDoesNotTell) {
  EXPECT_EQ(find_in(zone_with().timeout("contoso.com", dns::Type::mx)).state, State::unknown);
  EXPECT_EQ(find_in(zone_with().error("_25._tcp.mx.contoso.com")).state, State::unknown);
  EXPECT_EQ(find_in(zone_with().timeout("mx.contoso.com")).state, State::unknown);
}

// Many name servers of domains that are not signed cannot answer for TLSA records.
TEST(DaneOfNextHop, IsNotAskedForWhereDnsVouchesForNothingBefore) {
  Zone zone = zone_with({"contoso.com", "mx.contoso.com"});
  zone.error("_25._tcp.mx.contoso.com");
  EXPECT_EQ(find_in(zone).state, State::absent);
  EXPECT_EQ(find_in(zone_with({"mx.contoso.com"}).error("_25._tcp.mx.contoso.com")).state, State::absent);
}

TEST(DaneOfNextHop, FollowsAliasesThatDnsVouchesFor) {
  Zone zone;
  zone.mx("contoso.com", 10, "mx.contoso.com").cname("mx.contoso.com", "host.example").signed_at("contoso.com");
  zone.address("host.example", "192.0.2.1").tlsa("_25._tcp.host.example", usable);
  zone.signed_at("mx.contoso.com").signed_at("host.example").signed_at("_25._tcp.host.example");
  EXPECT_EQ(find_in(zone).state, State::present);
  EXPECT_EQ(find_in(zone).words, "TLSA record of _25._tcp.host.example: 3 1 1 5f5f5f5f5f5f5f5f…");
}

TEST(DaneOfNextHop, IsAskedForAtThePortOfASingleHost) {
  Zone zone;
  zone.address("mx.contoso.com", "192.0.2.1").tlsa("_587._tcp.mx.contoso.com", usable);
  zone.signed_at("mx.contoso.com").signed_at("_587._tcp.mx.contoso.com");
  EXPECT_EQ(find_in(zone, {.host = "mx.contoso.com", .port = 587}).state, State::present);
  EXPECT_EQ(find_in(zone, {.host = "mx.contoso.com", .port = std::nullopt}).state, State::absent);
}

TEST(DaneOfNextHop, TakesTheDomainItselfWhereItHasNoMxAndNothingFromTheNullMx) {
  Zone zone;
  zone.address("contoso.com", "192.0.2.1").tlsa("_25._tcp.contoso.com", usable);
  zone.signed_at("contoso.com").signed_at("_25._tcp.contoso.com");
  EXPECT_EQ(find_in(zone).state, State::present);
  Zone null_mx;
  null_mx.mx("contoso.com", 0, "").signed_at("contoso.com");
  EXPECT_EQ(find_in(null_mx).state, State::absent);
  EXPECT_EQ(find_in(Zone()).state, State::absent);
}

}  // namespace
}  // namespace connectord::sts
