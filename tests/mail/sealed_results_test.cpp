#include "connectord/mail/sealed_results.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace connectord::mail {
namespace {

TEST(SealedResults, SayOnlyWhatStandsAsTheOneResultForTheAuthor) {
  struct Case {
    std::string results;
    bool reported;
  };
  for (const Case& one : std::vector<Case>{
           {"mx.example; dmarc=pass header.from=a.example", true},
           {"mx.example; spf=fail smtp.mailfrom=x; dmarc = PASS (p=reject) header.from=a.example", true},
           {"mx.example;\r\n\tdmarc=pass\r\n\theader.from=a.example", true},
           {"mx.example; dmarc=pass", false},
           {"mx.example; dmarc=pass smtp.mailfrom=a.example", false},
           {"mx.example; dmarc=fail header.from=a.example", false},
           {"mx.example; dmarc=passing", false},
           {"mx.example; x-dmarc=pass", false},
           {"mx.example; spf=pass smtp.mailfrom=dmarc=pass@evil.example", false},
           {"mx.example; spf=pass (x; dmarc=pass) smtp.mailfrom=a", false},
           {"mx.example; spf=pass (x \\); dmarc=pass) smtp.mailfrom=a", false},
           {"mx.example; spf=pass smtp.mailfrom=\"; dmarc=pass\"", false},
           {"mx.example; spf=pass smtp.mailfrom=\"\\\"; dmarc=pass\"", false},
           {"mx.example; dmarc=pass header.from=A.Example.", true},
           {"mx.example; dmarc=pass header.from=other.example", false},
           {"mx.example; dmarc=pass header.from=\"x\"", false},
           {"mx.example; dmarc=fail header.from=a.example; dmarc=pass header.from=a.example", false},
           {"mx.example; dmarc=pass header.from=a.example; dmarc=pass header.from=a.example", false},
           {"", false},
       }) {
    EXPECT_EQ(say_dmarc_passed(one.results, "a.example"), one.reported) << one.results;
  }
}

TEST(SealedResults, AreReadAsTheGrammarHasThem) {
  struct Case {
    std::string results;
    bool reported;
  };
  for (const Case& one : std::vector<Case>{
           {"mx.example; dmarc=pass header.from = other.example", false},
           {"mx.example; dmarc=pass header.from = a.example", true},
           {"mx.example; dmarc=pass header . from=a.example", true},
           {"mx.example; dmarc=pass header(x).(y)from(z)=(a.example)a.example(other.example)", true},
           {"mx.example; dmarc=pass header.from=(a.example)other.example", false},
           {"mx.example; dmarc=pass header.from=\"a.example\"", true},
           {"mx.example; dmarc=pass header.from=\"other.example\"", false},
           {"mx.example; dmarc=pass header.from=@a.example", true},
           {"mx.example; dmarc=pass header.from=al@a.example", true},
           {"mx.example; dmarc=pass header.from=\"al b\"@a.example", true},
           {"mx.example; dmarc=pass header.from=a.example@other.example", false},
           {"mx.example; dmarc=pass header.from=\"@a.example\"@other.example", false},
           {"mx.example; dmarc/1=pass header.from=a.example", true},
           {"mx.example; dmarc / 1 = pass header.from=a.example", true},
           {"mx.example; dmarc/2=pass header.from=a.example", false},
           {"mx.example; dmarc/2=fail header.from=a.example; dmarc=pass header.from=a.example", false},
           {"mx.example; dmarc/=pass header.from=a.example", false},
           {"mx.example 1; dmarc=pass reason=\"x; y\" header.from=a.example", true},
           {"(c) \"mx.example\" (c) 1; dmarc=pass header.from=a.example;", true},
           {"mx.example; none; dmarc=pass header.from=a.example", true},
           {"mx.example; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=a.example", true},
           {"mx.microsoft.com 1; spf=pass smtp.mailfrom=a.example; dmarc=pass action=none header.from=a.example; "
            "dkim=pass header.d=a.example; arc=pass (0 oda=1 ltdi=1 spf=[1,1,smtp.mailfrom=b] "
            "dmarc=[1,1,header.from=b])",
            true},
           {"mx.example; dkim=pass header.i=@a.example header.b=Ab/cD+e=; dmarc=pass header.from=a.example", true},
       }) {
    EXPECT_EQ(say_dmarc_passed(one.results, "a.example"), one.reported) << one.results;
  }
}

TEST(SealedResults, SayNothingWhereAPartCannotBeReadOrStandsTwice) {
  for (const std::string_view results :
       {"mx.example; dmarc=pass header.from=a.example header.from=a.example",
        "mx.example; dmarc=pass header.from=a.example HEADER.From=other.example",
        "mx.example; dmarc=pass header.from=a.example policy.dmarc=none policy.dmarc=reject",
        "mx.example; dmarc=pass header.from=a.example x",
        "mx.example; dmarc=pass header.from=a.example =b",
        "mx.example; dmarc=pass header.=a.example",
        "mx.example; dmarc=pass header.from.x=a.example",
        "mx.example; dmarc=pass header.from=a.example\"b\"",
        "mx.example; dmarc=pass\"\" header.from=a.example",
        "mx.example; dmarc=pass header.from=a.example)",
        "mx.example; dmarc=pass header.from=a.example (c",
        "mx.example; dmarc=pass header.from=a.example reason=\"c",
        "mx.example; dmarc=pass header.from=",
        "mx.example; dmarc=pass header.from=\\a.example",
        "mx.example; dmarc=pass header.from=a.example; dkim",
        "mx.example; dmarc=pass header.from=a.example; =pass",
        "mx.example x; dmarc=pass header.from=a.example",
        "; dmarc=pass header.from=a.example",
        "dmarc=pass header.from=a.example",
        "mx.example; dmarc=pass\n\nheader.from=a.example",
        "mx.example; dmarc=pass header.from=a.example\x01"}) {
    EXPECT_FALSE(say_dmarc_passed(results, "a.example")) << results;
  }
  EXPECT_FALSE(say_dmarc_passed(std::string("mx.example; dmarc=pass header.from=a.example\0", 45), "a.example"));
  EXPECT_FALSE(say_dmarc_passed("mx.example; dmarc=pass header.from=\"\"", ""));
}

}  // namespace
}  // namespace connectord::mail
