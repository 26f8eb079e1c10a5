#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postfix_fixture.h"

namespace connectord::mta {
namespace {

using namespace test;  // NOLINT: what the tests of a plan share

using testing::HasSubstr;

TEST(MilterOrder, NamesMiltersThatForgedHeadersWouldFoolAndSaysHowConnectordComesFirst) {
  struct Case {
    const char* list;
    const char* after;  // nullptr: nothing is wrong
  };
  const Case cases[] = {
      {"unix:connectord/milter.sock, inet:h:1", nullptr},
      {"inet:h:1, unix:connectord/milter.sock", "unix:connectord/milter.sock, inet:h:1"},
      {"inet:h:1 unix:connectord/milter.sock inet:h:2", "unix:connectord/milter.sock, inet:h:1 inet:h:2"},
      {"{ inet:h:1, protocol=6 }, { unix:connectord/milter.sock, connect_timeout=5s }",
       "{ unix:connectord/milter.sock, connect_timeout=5s }, { inet:h:1, protocol=6 }"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.list);
    const std::string everywhere = text_of(
        plan_postfix(postfix({{"smtpd_milters", c.list}, {"non_smtpd_milters", "$smtpd_milters"}}), connectord())
            .warnings);
    PostfixSetup setup = postfix(whole_attachment());
    setup.services[0].overrides = {{"smtpd_milters", c.list}};
    const std::string there = text_of(plan_postfix(setup, connectord()).warnings);
    if (c.after == nullptr) {
      EXPECT_EQ(everywhere + there, "");
      continue;
    }
    EXPECT_THAT(everywhere, HasSubstr("believes forged tags and headers for spam filters"));
    EXPECT_THAT(everywhere,
                HasSubstr("| postconf -e 'smtpd_milters = " + std::string(c.after) + "' && postfix reload\n"));
    EXPECT_THAT(there, HasSubstr("smtp/inet in /etc/postfix/master.cf has another milter before connectord"));
    EXPECT_THAT(there, HasSubstr("| postconf -c /etc/postfix -P 'smtp/inet/smtpd_milters=" + std::string(c.after)));
  }
}

TEST(MilterOrder, LeavesTheOrderToAPersonWhereAnotherParameterHasIt) {
  PostfixSetup setup = postfix({{"smtpd_milters", "inet:h:1, $ours"}, {"non_smtpd_milters", "$smtpd_milters"}});
  setup.expanded["smtpd_milters"] = "inet:h:1, unix:connectord/milter.sock";
  EXPECT_THAT(text_of(plan_postfix(setup, connectord()).warnings),
              HasSubstr("| put connectord first in smtpd_milters"));
}

TEST(MilterOrder, SaysWhichMiltersConnectordIsPutBefore) {
  const Plan plan = plan_postfix(postfix({{"smtpd_milters", "inet:localhost:11332"}}), connectord());
  ASSERT_FALSE(plan.changes.empty());
  EXPECT_EQ(plan.changes[0].parameter, "smtpd_milters");
  EXPECT_THAT(plan.changes[0].reason, HasSubstr("; before inet:localhost:11332"));
}

}  // namespace
}  // namespace connectord::mta
