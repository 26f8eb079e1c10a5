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
           {"mx.example;\r\n\tdmarc=pass", true},
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

}  // namespace
}  // namespace connectord::mail
