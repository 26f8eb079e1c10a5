#include "connectord/auth/spf_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/zone.h"

namespace connectord::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

SpfSurvey survey(const dns::testing::Zone& zone) {
  return dns::testing::run(zone, [](dns::DnsAnswers& answers) { return survey_spf("example.com", answers); });
}

TEST(SpfSurvey, CountsTermsThatAskDnsWhereverTheyStand) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 ip4:192.0.2.0/24 mx include:_spf.example.net redirect=more.example.com");
  zone.mx("example.com", 10, "mx.example.com").address("mx.example.com", "192.0.2.1");
  zone.txt("_spf.example.net", "v=spf1 a:out.example.net exists:%{i}.example.net ?all");
  zone.address("out.example.net", "192.0.2.2");
  zone.txt("more.example.com", "v=spf1 -all");
  const SpfSurvey made = survey(zone);
  EXPECT_EQ(made.lookups, 5U);
  EXPECT_THAT(made.errors, IsEmpty());
  EXPECT_THAT(made.void_lookups, IsEmpty());
  EXPECT_TRUE(made.uses_macros);
  EXPECT_EQ(made.all, model::SpfResult::fail);
}

TEST(SpfSurvey, TakesTheAllOfAnIncludedRecordForNothing) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 include:a.example.com").txt("a.example.com", "v=spf1 -all");
  EXPECT_EQ(survey(zone).all, std::nullopt);
}

TEST(SpfSurvey, ComesToNothingBehindAll) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 ~all include:nowhere.example.com redirect=nowhere.example.com");
  const SpfSurvey made = survey(zone);
  EXPECT_EQ(made.lookups, 0U);
  EXPECT_THAT(made.errors, IsEmpty());
  EXPECT_EQ(made.all, model::SpfResult::softfail);
}

TEST(SpfSurvey, NamesTheDomainOfEachError) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 include:bad.example.com include:gone.example.com include:twice.example.com -all");
  zone.txt("bad.example.com", "v=spf1 ip4:300.0.0.1");
  zone.txt("twice.example.com", "v=spf1 -all").txt("twice.example.com", "v=spf1 ~all");
  EXPECT_THAT(survey(zone).errors, ElementsAre(HasSubstr("bad.example.com: "), HasSubstr("gone.example.com: no SPF"),
                                               HasSubstr("twice.example.com: several")));
}

TEST(SpfSurvey, FindsQuestionsThatFindNothingEachOnce) {
  dns::testing::Zone zone;
  zone.txt("example.com",
           "v=spf1 a:gone.example.com mx:gone.example.com a:gone.example.com exists:no.example.com -all");
  EXPECT_THAT(survey(zone).void_lookups,
              ElementsAre("A of gone.example.com", "MX of gone.example.com", "A of no.example.com"));
}

TEST(SpfSurvey, EndsWhereRecordsIncludeEachOther) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 include:other.example.com -all");
  zone.txt("other.example.com", "v=spf1 include:example.com -all");
  EXPECT_THAT(survey(zone).errors, ElementsAre("example.com: includes itself"));
}

TEST(SpfSurvey, EndsInAWideTreeOfIncludes) {
  dns::testing::Zone zone;
  std::string wide = "v=spf1";
  for (int i = 0; i < 40; ++i) {
    wide += " include:i" + std::to_string(i) + ".example.com";
    zone.txt("i" + std::to_string(i) + ".example.com", "v=spf1 a:gone.example.net -all");
  }
  zone.txt("example.com", wide);
  EXPECT_GT(survey(zone).lookups, max_spf_lookups);
}

TEST(SpfSurvey, KnowsWhatIsNotKnownNow) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 include:slow.example.com -all").timeout("slow.example.com");
  const SpfSurvey made = survey(zone);
  EXPECT_THAT(made.unknown, ElementsAre("TXT of slow.example.com"));
  EXPECT_THAT(made.errors, IsEmpty());
}

TEST(SpfSurvey, NoticesPtrAndNetworksOfStrangers) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 ptr ip4:10.0.0.0/8 ip4:192.0.2.0/24 ip6:2001::/16 -all");
  const SpfSurvey made = survey(zone);
  EXPECT_TRUE(made.uses_ptr);
  EXPECT_THAT(made.broad_networks, ElementsAre("ip4:10.0.0.0/8", "ip6:2001::/16"));
}

TEST(SpfSurvey, HasAllRecordsOfTheDomain) {
  dns::testing::Zone zone;
  zone.txt("example.com", "v=spf1 -all").txt("example.com", "v=spf1 ~all").txt("example.com", "other");
  EXPECT_THAT(survey(zone).records, SizeIs(2));
  EXPECT_THAT(survey(dns::testing::Zone{}).records, IsEmpty());
}

}  // namespace
}  // namespace connectord::auth
