// The second opinion: libspf2 and our own evaluator on records that libspf2 reads rightly.

#include <gtest/gtest.h>

#include "connectord/auth/spf.h"
#include "dns/zone.h"

namespace connectord::auth {
namespace {

using model::SpfResult;

dns::testing::Zone zone_of_all() {
  dns::testing::Zone zone;
  zone.address("example.com", "192.0.2.10").address("example.com", "2001:db8::10");
  zone.mx("example.com", 10, "mx1.example.com").mx("example.com", 20, "mx2.example.com");
  zone.address("mx1.example.com", "192.0.2.21").address("mx2.example.com", "192.0.2.22");
  zone.address("mx1.example.com", "2001:db8::21").address("mx2.example.com", "2001:db8::22");
  zone.txt("in.example", "v=spf1 ip4:198.51.100.0/24 ip6:2001:db8:1::/48 -all");
  zone.txt("soft.example", "v=spf1 ~all");
  zone.reverse("192.0.2.30", "host.example.com").address("host.example.com", "192.0.2.30");
  zone.address("10.2.0.192.list.example", "127.0.0.2").address("a.example.com.ok.example", "127.0.0.2");
  zone.address("com.example.rev.example", "127.0.0.2");
  zone.txt("other.example", "no policy here");
  return zone;
}

class SpfEnginesAgree : public ::testing::TestWithParam<std::string_view> {};

TEST_P(SpfEnginesAgree, OnASoundRecord) {
  auto zone = zone_of_all();
  zone.txt("example.com", std::string(GetParam()));
  for (const std::string_view client : {"192.0.2.10", "192.0.2.22", "192.0.2.30", "192.0.2.200", "198.51.100.7",
                                        "203.0.113.1", "2001:db8::10", "2001:db8::22", "2001:db8:1::5"}) {
    SpfQuery query;
    query.client = *net::IpAddress::parse(client);
    query.mail_from = "a@example.com";
    query.helo = "client.example.net";
    query.receiver = "mx.receiver.example";
    const auto native = dns::testing::run(zone, [&](dns::DnsAnswers& known) { return check_spf(query, known); });
    const auto library =
        dns::testing::run(zone, [&](dns::DnsAnswers& known) { return check_spf_with_libspf2(query, known); });
    EXPECT_EQ(model::to_string(native.result), model::to_string(library.result))
        << client << ": " << native.problem << " / " << library.problem;
    EXPECT_EQ(native.domain, library.domain);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Spf, SpfEnginesAgree,
    ::testing::Values("v=spf1 -all", "v=spf1", "v=spf1 +all", "no policy", "v=spf1 ip4:192.0.2.0/24 -all",
                      "v=spf1 ip4:192.0.2.10 ip4:198.51.100.7/32 ~all", "v=spf1 ip6:2001:db8::/64 -all",
                      "v=spf1 a -all", "v=spf1 a/25 ?all", "v=spf1 a:mx2.example.com -all", "v=spf1 mx -all",
                      "v=spf1 mx/28//64 -all", "v=spf1 ptr -all", "v=spf1 ptr:example.com ~all",
                      "v=spf1 include:in.example -all", "v=spf1 -include:in.example ?all",
                      "v=spf1 include:soft.example -all", "v=spf1 redirect=in.example",
                      "v=spf1 a redirect=soft.example", "v=spf1 exists:%{ir}.list.example -all",
                      "v=spf1 exists:%{l}.%{d}.ok.example -all", "v=spf1 exists:%{dr}.rev.example -all",
                      "v=spf1 ip4:192.0.2.10 moo", "v=spf1 include:none.example -all", "v=spf1 ip4:192.0.2.300 -all"));

TEST(SpfEngines, CheckTheHeloIdentityAlike) {
  dns::testing::Zone zone;
  zone.txt("client.example.net", "v=spf1 ip4:192.0.2.1 -all");
  SpfQuery query;
  query.client = *net::IpAddress::parse("192.0.2.1");
  query.mail_from = "a@example.com";
  query.helo = "client.example.net";
  query.identity = model::SpfOutcome::Identity::helo;
  const auto outcome =
      dns::testing::run(zone, [&](dns::DnsAnswers& known) { return check_spf_with_libspf2(query, known); });
  EXPECT_EQ(outcome.result, SpfResult::pass);
  EXPECT_EQ(outcome.domain, "client.example.net");
}

TEST(SpfEngines, WaitForAnswersAlike) {
  dns::DnsAnswers answers;
  SpfQuery query;
  query.client = *net::IpAddress::parse("192.0.2.1");
  query.mail_from = "a@Example.com";
  query.helo = "client.example.net";
  EXPECT_FALSE(check_spf_with_libspf2(query, answers).has_value());
  EXPECT_EQ(answers.take_missing(), (std::vector<dns::Question>{{"example.com", dns::Type::txt}}));
}

}  // namespace
}  // namespace connectord::auth
