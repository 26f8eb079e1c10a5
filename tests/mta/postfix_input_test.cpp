#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postfix_fixture.h"

namespace connectord::mta {
namespace {

using namespace test;  // NOLINT: what the tests of a plan share
using testing::HasSubstr;
using testing::IsEmpty;

// A Postfix that can be set up for how a message ends, as these lines of main.cf have it.
PostfixSetup with_bare_newline(const std::string& version, const std::string& value, bool normalizes,
                               const std::string& exclusions = "127.0.0.0/8 [::1]/128") {
  PostfixSetup setup = postfix();
  setup.version = version;
  setup.values["smtpd_forbid_bare_newline"] = value;
  setup.values["smtpd_forbid_bare_newline_exclusions"] = exclusions;
  if (normalizes) setup.values["smtpd_forbid_bare_newline_reject_code"] = "550";
  setup.expanded = setup.values;
  return setup;
}

TEST(PlanPostfix, EndsMessagesWhereTheRfcEndsThem) {
  struct Case {
    std::string title;
    PostfixSetup setup;
    std::string change;   // of smtpd_forbid_bare_newline; empty: none
    std::string warning;  // a part of it; empty: none
  };
  PostfixSetup old = postfix();
  old.version = "3.7.6";
  PostfixSetup without_patch = postfix();
  without_patch.version = "3.11";
  for (const Case& one :
       std::vector<Case>{{"Debian 12", with_bare_newline("3.7.11", "no", true), "normalize", ""},
                         {"the first that knew it", with_bare_newline("3.7.9", "no", false), "yes", ""},
                         {"set already", with_bare_newline("3.7.11", "normalize", true), "", ""},
                         {"another word for it", with_bare_newline("3.9.1", "yes", true), "", ""},
                         {"stricter", with_bare_newline("3.9.1", "reject", true), "", ""},
                         {"too old", old, "", "Postfix 3.7.6 does not know smtpd_forbid_bare_newline"},
                         {"a version without a third number", without_patch, "", ""}}) {
    const Plan plan = plan_postfix(one.setup, connectord());
    EXPECT_EQ(changes_of(plan)["smtpd_forbid_bare_newline"], one.change) << one.title;
    EXPECT_THAT(text_of(plan.warnings),
                one.warning.empty() ? testing::Matcher<std::string>(IsEmpty()) : HasSubstr(one.warning))
        << one.title;
  }
}

TEST(PlanPostfix, MissesNothingButWarnsWhereAnAttachedPostfixTakesALineFeedForTheEnd) {
  PostfixSetup setup = with_bare_newline("3.7.11", "no", true);
  for (const auto& [name, value] : whole_attachment()) setup.values[name] = setup.written[name] = value;
  setup.expanded = setup.values;
  const Plan plan = plan_postfix(setup, connectord());
  EXPECT_THAT(changes_of(plan), IsEmpty());
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("smtpd_forbid_bare_newline is no: "));
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("| postconf -e 'smtpd_forbid_bare_newline = normalize'"));
}

TEST(PlanPostfix, TellsWhereTheEndOfAMessageIsStillLeftToTheClient) {
  PostfixSetup setup = with_bare_newline("3.7.11", "normalize", true, "127.0.0.0/8, [2001:db8::]/64, 192.0.2.0/24");
  MtaRequirements required = connectord();
  EXPECT_EQ(text_of(plan_postfix(setup, required).warnings), "");
  required.client_networks = {net::AddressRange::parse("127.0.0.2").value()};
  EXPECT_EQ(text_of(plan_postfix(setup, required).warnings), "") << "this machine's own";
  for (const std::string network : {"192.0.2.10", "2001:db8::7", "192.0.0.0/16"}) {
    required.client_networks = {net::AddressRange::parse(network).value()};
    EXPECT_THAT(text_of(plan_postfix(setup, required).warnings),
                HasSubstr("postconf -e 'smtpd_forbid_bare_newline_exclusions ="))
        << network;
  }
  required.client_networks.clear();
  setup.services = {{"smtp", "inet", "smtpd", true, {{"smtpd_forbid_bare_newline", "no"}}}};
  EXPECT_THAT(text_of(plan_postfix(setup, required).warnings), HasSubstr("-PX smtp/inet/smtpd_forbid_bare_newline"));
}

TEST(PlanPostfix, TellsOfSendersThatPostfixCompletes) {
  EXPECT_EQ(text_of(plan_postfix(postfix({{"append_dot_mydomain", "no"}}), connectord()).warnings), "");
  const Plan plan = plan_postfix(postfix({{"append_dot_mydomain", "yes"}, {"mydomain", "example.net"}}), connectord());
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("without a dot with .example.net"));
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("postconf -e 'append_dot_mydomain = no'"));
}

}  // namespace
}  // namespace connectord::mta
