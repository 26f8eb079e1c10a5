#include "connectord/auth/dmarc_record.h"

#include <gtest/gtest.h>

#include "connectord/base/text.h"

namespace connectord::auth {
namespace {

using namespace std::string_literals;

using model::DmarcPolicy;
using PublicSuffix = DmarcRecord::PublicSuffix;

TEST(DmarcRecord, TheVersionMustComeFirstAndToTheLetter) {
  for (const char* text : {"v=DMARC1", "v=DMARC1;", "v=DMARC1; p=none", "v = DMARC1 ; p=none", "V=DMARC1;p=none",
                           "v\t=\tDMARC1\t;p=none", "v=DMARC1;;;p=none", "v=DMARC1 "}) {
    EXPECT_TRUE(parse_dmarc_record(text)) << text;
  }
  for (const std::string& text :
       {""s, ";"s, "v"s, "v="s, "v=dmarc1; p=none"s, "v=DMARC2; p=none"s, "v=DMARC1.0; p=none"s, "v=DMARC1 p=none"s,
        "p=none; v=DMARC1"s, "; v=DMARC1; p=none"s, " v=DMARC1; p=none"s, "x=1; v=DMARC1"s, "v=spf1 -all"s,
        "vv=DMARC1; p=none"s, "v=\"DMARC1\"; p=none"s, "v=DMARC1\n; p=none"s, "v=DMARC1\0; p=none"s,
        "\xef\xbb\xbfv=DMARC1; p=none"s}) {
    EXPECT_FALSE(parse_dmarc_record(text)) << base::printable(text);
  }
}

TEST(DmarcRecord, ReadsEveryTag) {
  const auto record = parse_dmarc_record(
      "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=s; t=y; psd=n; "
      "rua=mailto:a@example.com,mailto:b@example.com; ruf=mailto:c@example.com");
  ASSERT_TRUE(record);
  DmarcRecord expected;
  expected.policy = DmarcPolicy::reject;
  expected.subdomain_policy = DmarcPolicy::quarantine;
  expected.non_existent_policy = DmarcPolicy::none;
  expected.strict_dkim = expected.strict_spf = expected.testing = expected.has_report_address = true;
  expected.psd = PublicSuffix::no;
  expected.aggregate_reports = "mailto:a@example.com,mailto:b@example.com";
  expected.failure_reports = "mailto:c@example.com";
  EXPECT_EQ(*record, expected);
}

TEST(DmarcRecord, NamesAndValuesAreTheSameInAnyCaseAndAnyOrder) {
  const auto record = parse_dmarc_record("v=DMARC1;ADKIM=S ; Psd = Y;P=Reject;\tSP\t=\tNONE\t");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->policy, DmarcPolicy::reject);
  EXPECT_EQ(record->subdomain_policy, DmarcPolicy::none);
  EXPECT_TRUE(record->strict_dkim);
  EXPECT_EQ(record->psd, PublicSuffix::yes);
  EXPECT_EQ(record->problem, "");
}

TEST(DmarcRecord, UnknownTagsAndTagsThatAreGoneAreIgnored) {
  const auto record = parse_dmarc_record("v=DMARC1; p=reject; pct=0; rf=iodef; ri=x; foo=bar; rubbish; =; x=");
  ASSERT_TRUE(record);
  DmarcRecord expected;
  expected.policy = DmarcPolicy::reject;
  EXPECT_EQ(*record, expected);
}

TEST(DmarcRecord, AnErrorInAnotherTagGivesItsDefault) {
  const auto record = parse_dmarc_record("v=DMARC1; p=reject; adkim=strict; aspf=; t=maybe; psd=x");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->policy, DmarcPolicy::reject);
  EXPECT_TRUE(record->usable);
  EXPECT_FALSE(record->strict_dkim);
  EXPECT_FALSE(record->strict_spf);
  EXPECT_FALSE(record->testing);
  EXPECT_EQ(record->psd, PublicSuffix::unknown);
  EXPECT_EQ(record->problem, "adkim=strict not valid, aspf= not valid, t=maybe not valid, psd=x not valid");
}

TEST(DmarcRecord, AnInvalidPolicyCountsAsNoneWithReportsAndDoesNotApplyWithout) {
  for (const char* policies : {"p=rejct", "p=", "p=reject foo", "sp=reject", "p=reject; sp=x", "p=reject; np=x",
                               "p=reject; p=none", "p=reject; p=reject", "p=reject; sp=none; SP=reject", "x=y"}) {
    const auto with = parse_dmarc_record("v=DMARC1; "s + policies + "; rua=mailto:reports@example.com");
    ASSERT_TRUE(with) << policies;
    EXPECT_TRUE(with->usable) << policies;
    EXPECT_EQ(with->policy, DmarcPolicy::none) << policies;
    EXPECT_FALSE(with->subdomain_policy) << policies;
    EXPECT_FALSE(with->non_existent_policy) << policies;
    EXPECT_TRUE(with->problem.ends_with("counts as p=none")) << with->problem;
    const auto without = parse_dmarc_record("v=DMARC1; "s + policies);
    ASSERT_TRUE(without) << policies;
    EXPECT_FALSE(without->usable) << policies;
    EXPECT_FALSE(without->problem.empty()) << policies;
  }
}

TEST(DmarcRecord, TellsReportAddressesFromOtherText) {
  for (const char* good : {"mailto:a@example.com", "mailto:a@example.com!10m", " mailto:a@example.com , x",
                           "x,MAILTO:a@b", "https://example.com/dmarc", "mailto:a@example.com?subject=x"}) {
    EXPECT_TRUE(parse_dmarc_record("v=DMARC1; p=x; rua="s + good)->usable) << good;
  }
  for (const char* bad : {"", ",", "a@example.com", "mailto:", "mailto:a", "mailto:@example.com", "mailto:a@", ":x",
                          "1:x", "mailto:a b@example.com", "mailto:<a@example.com>", "mailto:a@ex\xc3\xa4mple.com"}) {
    EXPECT_FALSE(parse_dmarc_record("v=DMARC1; p=x; rua="s + bad)->usable) << bad;
  }
}

TEST(DmarcRecord, AProblemIsPrintableAndShort) {
  const auto record =
      parse_dmarc_record("v=DMARC1; p=\r\n\x80" + std::string(3'000, 'x') + "; t=" + std::string(1'000, '\n'));
  ASSERT_TRUE(record);
  EXPECT_LT(record->problem.size(), 300U);
  EXPECT_EQ(record->problem, base::printable(record->problem, 1000));
}

TEST(DmarcRecord, LongerThanAnyIsReadDoesNotApplyButStillCountsAsOneOfSeveral) {
  const std::string begin = "v=DMARC1; p=reject; rua=mailto:reports@example.com; x=";
  const std::string longest = begin + std::string(max_dmarc_record_length - begin.size(), 'x');
  ASSERT_TRUE(parse_dmarc_record(longest));
  EXPECT_TRUE(parse_dmarc_record(longest)->usable);
  const auto record = parse_dmarc_record(longest + "x");
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->usable);
  EXPECT_EQ(record->problem, "longer than 4096 bytes");
  EXPECT_FALSE(parse_dmarc_record("v" + std::string(10'000, ' ') + "=DMARC1; p=reject"));
}

// What is kept of a record makes the same policy again.
TEST(DmarcRecord, IsWrittenInShort) {
  struct Case {
    const char* record;
    const char* tags;
  };
  for (const auto& [record, tags] :
       {Case{"v=DMARC1; p=none", "p=none"}, Case{"v=DMARC1;p=Reject;rua=mailto:a@b.example;pct=3;aspf=r", "p=reject"},
        Case{"v=DMARC1; np=reject; sp=quarantine; p=none; t=y; psd=n; adkim=s; aspf=s; fo=1:D : s",
             "p=none; sp=quarantine; np=reject; adkim=s; aspf=s; t=y; psd=n; fo=1:d:s"},
        Case{"v=DMARC1; p=none; fo=1:x; psd=y", "p=none; psd=y"}, Case{"v=DMARC1; p=none; fo=1; fo=0", "p=none"},
        Case{"v=DMARC1; p=odd; rua=mailto:a@b.example", "p=none"}}) {
    const auto read = parse_dmarc_record(record);
    ASSERT_TRUE(read) << record;
    EXPECT_EQ(tags_of(*read), tags) << record;
    EXPECT_EQ(tags_of(*parse_dmarc_record("v=DMARC1; " + tags_of(*read))), tags);
  }
}

}  // namespace
}  // namespace connectord::auth
