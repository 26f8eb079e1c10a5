#include "connectord/reports/judgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reports/samples.h"

namespace connectord::reports {
namespace {

using ::testing::HasSubstr;

AggregateJudgement judgement_of(const std::string& records, std::string_view policy = "none") {
  const auto report = read_aggregate_report(test::aggregate(records, policy));
  return report ? judge(*report) : AggregateJudgement{};
}

TEST(AggregateJudgement, CountsWhatPassesAndNamesTheSourcesThatDoNot) {
  const auto judgement = judgement_of(
      test::record("192.0.2.1", 90, test::passes, "<dkim><domain>example.net</domain><result>pass</result></dkim>") +
      test::record("198.51.100.7", 4, test::fails, "<spf><domain>example.net</domain><result>softfail</result></spf>") +
      test::record("198.51.100.7", 2, test::passes, "") +
      test::record("203.0.113.9", 6, "<disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf>", ""));
  EXPECT_EQ(judgement.messages, 102U);
  EXPECT_EQ(judgement.aligned, 92U);
  ASSERT_EQ(judgement.failing.size(), 2U);
  EXPECT_EQ(judgement.failing[0].address, "203.0.113.9");
  EXPECT_EQ(judgement.failing[0].rejected, 6U);
  EXPECT_EQ(judgement.failing[1].messages, 6U);
  EXPECT_EQ(judgement.failing[1].failed, 4U);
}

TEST(AggregateJudgement, SaysWhyAndWhatToChange) {
  const struct {
    const char* results;
    const char* evaluated;
    const char* what;
    const char* hint;
  } cases[] = {
      {"<spf><domain>example.net</domain><result>softfail</result></spf>", "",
       "no DKIM signature; SPF of example.net: softfail",
       "name it in the SPF record of example.net; else somebody forges it, and p=none lets it in"},
      {"<dkim><domain>mailer.example</domain><result>pass</result></dkim><spf><domain>bounce.mailer.example</domain>"
       "<result>pass</result></spf>",
       "",
       "signed by mailer.example alone, not by example.net; SPF passes for bounce.mailer.example, which is not "
       "example.net",
       "have it sign as example.net too"},
      {"<dkim><domain>example.net</domain><selector>s1</selector><result>fail</result></dkim>", "",
       "DKIM signature of example.net (selector s1): fail; SPF was not checked", "connectorctl dns example.net"},
      {"<dkim><domain>sub.example.net</domain><result>pass</result></dkim>", "",
       "DKIM signature of sub.example.net: pass", "sign as example.net itself"},
      {"<dkim><domain>$(id).example.net</domain><result>fail</result></dkim>", "",
       "DKIM signature of $(id).example.net: fail", "connectorctl dns '$(id).example.net'"},
      {"<dkim><domain>example.net</domain><result>fail</result></dkim>", "<reason><type>mailing_list</type></reason>",
       "DKIM signature of example.net: fail", "nothing to change"},
  };
  for (const auto& one : cases) {
    const auto judgement =
        judgement_of(test::record("192.0.2.1", 3, std::string(test::fails) + one.evaluated, one.results));
    ASSERT_EQ(judgement.failing.size(), 1U) << one.results;
    const Complaint& complaint = judgement.failing[0].complaints.at(0);
    EXPECT_EQ(complaint.count, 3U);
    EXPECT_THAT(complaint.what, HasSubstr(one.what));
    EXPECT_THAT(complaint.hint, HasSubstr(one.hint));
  }
}

TEST(AggregateJudgement, PutsTheSameComplaintsTogetherAndTheMostFrequentFirst) {
  const std::string none = test::record("192.0.2.1", 3, test::fails, "");
  const auto judgement = judgement_of(
      none + test::record("192.0.2.1", 5, test::fails, "<spf><domain>x.example</domain><result>none</result></spf>") +
      none);
  ASSERT_EQ(judgement.failing.size(), 1U);
  ASSERT_EQ(judgement.failing[0].complaints.size(), 2U);
  EXPECT_EQ(judgement.failing[0].complaints[0].count, 6U);
}

TEST(TlsJudgement, ExplainsEachFailureAndThoseThatTheReportLeavesOpen) {
  const auto judgement = judge(read_tls_report(test::tls).value());
  EXPECT_EQ(judgement.successes, 5326U);
  EXPECT_EQ(judgement.failures, 303U);
  ASSERT_EQ(judgement.complaints.size(), 3U);
  EXPECT_EQ(judgement.complaints[0].what,
            "starttls-not-supported for example.net at mx2.example.net [203.0.113.56]: no 220");
  EXPECT_THAT(judgement.complaints[0].hint, HasSubstr("STARTTLS to everybody"));
  EXPECT_THAT(judgement.complaints[1].hint, HasSubstr("renew the certificate"));
  EXPECT_EQ(judgement.complaints[2].count, 3U);
  EXPECT_THAT(judgement.complaints[2].what, HasSubstr("does not say why"));
}

TEST(ReportJson, HasTheHeadAndTheJudgement) {
  const auto dmarc =
      to_json(read_aggregate_report(test::aggregate(test::record("192.0.2.1", 3, test::fails, ""))).value());
  EXPECT_EQ(dmarc["kind"], "dmarc");
  EXPECT_EQ(dmarc["domain"], "example.net");
  EXPECT_EQ(dmarc["begin"], "2025-11-27T00:00:00Z");
  EXPECT_EQ(dmarc["failing"][0]["failed"], 3);
  const auto tls = to_json(read_tls_report(test::tls).value());
  EXPECT_EQ(tls["policies"][0]["failures"], 303);
  EXPECT_EQ(tls["complaints"][0]["count"], 200);
}

}  // namespace
}  // namespace connectord::reports
