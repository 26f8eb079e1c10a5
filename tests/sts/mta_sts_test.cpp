#include "connectord/sts/mta_sts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::sts {
namespace {

using ::testing::HasSubstr;

// The example of RFC 8461, 3.2, with CRLF as it asks.
constexpr std::string_view example =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmx: backupmx.example.com\r\n"
    "max_age: 604800\r\n";

TEST(MtaSts, RecordHasAnId) {
  EXPECT_EQ(parse_sts_record("v=STSv1; id=20160831085700Z;").value(), "20160831085700Z");
  EXPECT_EQ(parse_sts_record("v=STSv1 ;id = 1").value(), "1");
  for (const char* text : {"v=STSv1", "v=STSv1; id=", "v=STSv1; id=a-b", "id=1; v=STSv1", "v=STSv2; id=1",
                           "v=STSv1; id=123456789012345678901234567890123"}) {
    EXPECT_FALSE(parse_sts_record(text)) << text;
  }
  EXPECT_EQ(parse_sts_record("v=STSv1; new=thing; id=1; id=2").value(), "1");
  // What does not begin so is discarded, and so is no second record either.
  for (const char* text : {"v=spf1 -all", "v = STSv1; id=1", "V=STSv1; id=1", "v=STSv11; id=1", " v=STSv1; id=1", ""}) {
    EXPECT_FALSE(is_sts_record(text)) << text;
  }
}

TEST(MtaSts, PolicyIsReadAsTheSpecificationShowsIt) {
  const auto policy = parse_sts_policy(example);
  ASSERT_TRUE(policy) << policy.error();
  EXPECT_EQ(policy->mode, StsPolicy::Mode::enforce);
  EXPECT_EQ(policy->mx, (std::vector<std::string>{"mail.example.com", "*.example.net", "backupmx.example.com"}));
  EXPECT_EQ(policy->max_age.count(), 604800);
}

TEST(MtaSts, PolicyThatIsNotValidIsToldWhy) {
  struct Case {
    const char* text;
    const char* why;
  };
  for (const Case& one :
       {Case{"", "version"}, Case{"<html>", "version"}, Case{"version: STSv2\n", "version is not valid: STSv2"},
        Case{"version: STSv1\nmx: a.example\nmax_age: 1\n", "no mode"},
        Case{"version: STSv1\nmode: enforced\nmx: a.example\nmax_age: 1\n", "mode is not valid: enforced"},
        Case{"version: STSv1\nmode: enforce\nmax_age: 1\n", "no mx"},
        Case{"version: STSv1\nmode: enforce\nmx: a.example\n", "no max_age"},
        Case{"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1\n", "max_age is not valid"},
        Case{"version: STSv1\nmode: enforce\nmx: *.*.example\nmax_age: 1\n", "mx is not valid"}}) {
    const auto policy = parse_sts_policy(one.text);
    ASSERT_FALSE(policy) << one.text;
    EXPECT_THAT(policy.error(), HasSubstr(one.why));
  }
  EXPECT_FALSE(parse_sts_policy(std::string(example) + std::string(max_sts_policy_length, ' ')));
}

TEST(MtaSts, FieldsOfAPolicyMayComeInAnyOrder) {
  for (const char* text :
       {"mode: enforce\nmx: mail.example.com\nmax_age: 604800\nversion: STSv1\n",
        "mx: mail.example.com\r\nversion: STSv1\r\nmax_age: 604800\r\nmode: enforce",
        "new: thing\nmax_age: 604800\nversion:STSv1\nversion: STSv2\nmx:  mail.example.com\nmode: enforce"}) {
    const auto policy = parse_sts_policy(text);
    ASSERT_TRUE(policy) << text << policy.error();
    EXPECT_EQ(policy->mode, StsPolicy::Mode::enforce);
    EXPECT_EQ(policy->mx, std::vector<std::string>{"mail.example.com"});
    EXPECT_EQ(policy->max_age.count(), 604800);
  }
  EXPECT_THAT(parse_sts_policy("mode: enforce\nmx: a.example\nmax_age: 1\n").error(), HasSubstr("no version"));
}

TEST(MtaSts, PolicyMayNameAsManyHostsAsItHasRoomFor) {
  std::string text(example);
  for (int i = 0; i < 1000; ++i) text += "mx: mx" + std::to_string(i) + ".example.org\n";
  EXPECT_TRUE(allows(parse_sts_policy(text).value(), "mx999.example.org"));
}

TEST(MtaSts, PolicyMayHoldUnknownFieldsAndNoHostsWhereItIsOff) {
  EXPECT_TRUE(parse_sts_policy(std::string(example) + "new: thing\n"));
  EXPECT_TRUE(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 1\n"));
  // Of a field that may come once, the first counts (3.2).
  EXPECT_EQ(parse_sts_policy("version: STSv1\nmode: testing\nmode: enforce\nmx: a.example\nmax_age: 1\n")->mode,
            StsPolicy::Mode::testing);
}

TEST(MtaSts, PolicyAllowsHostsByNameAndByOneLabel) {
  const StsPolicy policy = parse_sts_policy(example).value();
  EXPECT_TRUE(allows(policy, "mail.example.com"));
  EXPECT_TRUE(allows(policy, "mx.example.net"));
  EXPECT_FALSE(allows(policy, "example.net"));
  EXPECT_FALSE(allows(policy, "a.mx.example.net"));
  EXPECT_FALSE(allows(policy, "mx.example.org"));
  EXPECT_FALSE(allows(policy, ""));
}

}  // namespace
}  // namespace connectord::sts
