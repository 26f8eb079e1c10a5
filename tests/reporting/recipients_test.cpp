#include "connectord/reporting/recipients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/zone.h"

namespace connectord::reporting {
namespace {

using dns::testing::Zone;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using To = Recipients::To;

Recipients recipients_in(const Zone& zone, const std::string& domain = "contoso.com") {
  const std::function<bool(const std::string&)> skips = [](const std::string& one) { return one == "skipped.example"; };
  return dns::testing::run(zone, [&](dns::DnsAnswers& answers) { return find_recipients(domain, skips, answers); });
}

Zone asking_for(const std::string& rua, const std::string& tags = "p=reject") {
  Zone zone;
  zone.txt("_dmarc.contoso.com", "v=DMARC1; " + tags + "; rua=" + rua);
  return zone;
}

std::string why(const Recipients& recipients) {
  return recipients.left.size() == 1 ? recipients.left.front().why : "";
}

TEST(ReportRecipients, OfTheOrganizationNeedNoAuthorization) {
  EXPECT_THAT(recipients_in(asking_for("mailto:d@contoso.com!10m, mailto:e@mail.contoso.com?subject=x")).to,
              ElementsAre(To{"d@contoso.com", 10 << 20}, To{"e@mail.contoso.com"}));
}

TEST(ReportRecipients, ElsewhereMustSayThatTheyWantThem) {
  Zone zone = asking_for("mailto:d@collector.example,mailto:d@victim.example");
  zone.txt("contoso.com._report._dmarc.collector.example", "v=DMARC1");
  zone.txt("contoso.com._report._dmarc.victim.example", "v=spf1 -all");
  const Recipients found = recipients_in(zone);
  EXPECT_THAT(found.to, ElementsAre(To{"d@collector.example"}));
  EXPECT_THAT(why(found), HasSubstr("no contoso.com._report._dmarc.victim.example"));
}

TEST(ReportRecipients, ElsewhereMayNameAnotherAddressOfTheirHost) {
  Zone zone = asking_for("mailto:d@collector.example");
  zone.txt("contoso.com._report._dmarc.collector.example", "v=DMARC1; rua=mailto:contoso@collector.example");
  EXPECT_THAT(recipients_in(zone).to, ElementsAre(To{"contoso@collector.example"}));
  Zone loop = asking_for("mailto:d@collector.example");
  loop.txt("contoso.com._report._dmarc.collector.example", "v=DMARC1; rua=mailto:d@victim.example");
  const Recipients found = recipients_in(loop);
  EXPECT_THAT(found.to, IsEmpty());
  EXPECT_THAT(why(found), HasSubstr("another host"));
}

// Each name right below it is an organization of its own (RFC 9989, 4.10.2).
TEST(ReportRecipients, OfAPublicSuffixAreOfNoOrganizationBelowIt) {
  Zone zone = asking_for("mailto:d@tenant.contoso.com", "p=reject; psd=y");
  EXPECT_THAT(recipients_in(zone).to, IsEmpty());
  zone.txt("contoso.com._report._dmarc.tenant.contoso.com", "v=DMARC1");
  EXPECT_THAT(recipients_in(zone).to, ElementsAre(To{"d@tenant.contoso.com"}));
}

TEST(ReportRecipients, AreLeftForAReason) {
  struct Case {
    const char* rua;
    const char* why;
  };
  for (const auto& [rua, reason] :
       {Case{"https://contoso.com/dmarc", "mailto:"},
        Case{"mailto:a%0D%0Ab@contoso.com", "no address that a mail server takes"},
        Case{"mailto:a%40b@contoso.com", "no address that a mail server takes"}, Case{"rubbish", "names no address"}}) {
    const Recipients found = recipients_in(asking_for(rua));
    EXPECT_THAT(found.to, IsEmpty()) << rua;
    EXPECT_THAT(why(found), HasSubstr(reason)) << rua;
  }
  EXPECT_THAT(why(recipients_in(Zone())), HasSubstr("no DMARC record any more"));
  Zone skipped = asking_for("mailto:d@skipped.example");
  skipped.txt("*._report._dmarc.skipped.example", "v=DMARC1");
  skipped.txt("contoso.com._report._dmarc.skipped.example", "v=DMARC1");
  EXPECT_THAT(why(recipients_in(skipped)), HasSubstr("reports.skip"));
}

TEST(ReportRecipients, WaitWhereDnsDoesNotTell) {
  Zone zone = asking_for("mailto:d@collector.example,mailto:d@contoso.com");
  zone.timeout("contoso.com._report._dmarc.collector.example");
  const Recipients found = recipients_in(zone);
  EXPECT_THAT(found.to, ElementsAre(To{"d@contoso.com"}));
  EXPECT_THAT(found.left, ElementsAre(Field(&Recipients::Left::is_temporary, true)));
  Zone silent;
  silent.timeout("_dmarc.contoso.com");
  EXPECT_THAT(recipients_in(silent).left, ElementsAre(Field(&Recipients::Left::is_temporary, true)));
}

TEST(ReportRecipients, AreNoMoreThanAFew) {
  std::string rua;
  for (int i = 0; i < 12; ++i) rua += "mailto:d" + std::to_string(i) + "@contoso.com,";
  const Recipients found = recipients_in(asking_for(rua + "mailto:d1@contoso.com"));
  EXPECT_EQ(found.to.size(), max_report_recipients);
  EXPECT_EQ(found.left.size(), 2U);
}

TEST(ReportRecipients, AreToldWhatIsWrongWithTheRecord) {
  EXPECT_THAT(recipients_in(asking_for("mailto:d@contoso.com", "p=nothing")).problem, HasSubstr("p=nothing"));
}

}  // namespace
}  // namespace connectord::reporting
