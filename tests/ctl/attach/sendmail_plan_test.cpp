#include "../../../src/ctl/attach/sendmail_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::ctl {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* debian = R"(divert(0)dnl
dnl # INPUT_MAIL_FILTER(`old', `S=unix:/x')
define(`confTRUSTED_USERS', `smmta')dnl
FEATURE(`access_db')dnl
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
)";

constexpr const char* our_line =
    "INPUT_MAIL_FILTER(`connectord', `S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m')dnl\n";

Wanted connectord() {
  Wanted wanted;
  wanted.file = "/etc/connectord/connectord.toml";
  wanted.milter = net::Endpoint::parse("unix:/run/connectord/milter.sock").value();
  return wanted;
}

std::string inserted_before(const std::string& mc, const std::string& line) {
  const SendmailPlan plan = plan_sendmail(mc, connectord());
  const std::size_t ours = plan.after.find(our_line);
  const std::size_t end = plan.after.find("to here\n", ours);
  if (ours == std::string::npos || end == std::string::npos) return "not inserted";
  return plan.after.substr(end + 8, line.size());
}

TEST(PlanSendmail, PutsItsLinesBeforeOtherFiltersAndOtherwiseBeforeTheMailers) {
  EXPECT_EQ(inserted_before(debian, "MAILER_DEFINITIONS"), "MAILER_DEFINITIONS");
  const std::string with_filter = std::string(debian).insert(13, "  INPUT_MAIL_FILTER(`opendkim', `S=local:/o')dnl\n");
  EXPECT_EQ(inserted_before(with_filter, "  INPUT_MAIL_FILTER(`opendkim'"), "  INPUT_MAIL_FILTER(`opendkim'");
  EXPECT_EQ(inserted_before("FEATURE(`x')", ""), "");
}

TEST(PlanSendmail, IsUndoneToTheByteAndKnownAgain) {
  for (const std::string mc : {debian, "", "MAILER(`smtp')dnl\n"}) {
    const SendmailPlan plan = plan_sendmail(mc, connectord());
    EXPECT_THAT(plan.after, HasSubstr(our_line));
    EXPECT_THAT(plan.after, HasSubstr("define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl\n"));
    EXPECT_FALSE(plan.attached);
    EXPECT_EQ(without_our_lines(plan.after), mc);
    EXPECT_EQ(without_our_lines(mc), mc);
    const SendmailPlan again = plan_sendmail(plan.after, connectord());
    EXPECT_TRUE(again.attached);
    EXPECT_EQ(again.after, plan.after);
    EXPECT_THAT(again.reasons, IsEmpty());
  }
}

TEST(PlanSendmail, ReplacesItsLinesWhenTheListenerHasChanged) {
  Wanted wanted = connectord();
  wanted.milter = net::Endpoint::parse("inet:127.0.0.1:8891").value();
  const SendmailPlan plan = plan_sendmail(plan_sendmail(debian, connectord()).after, wanted);
  EXPECT_THAT(plan.after, HasSubstr("S=inet:8891@127.0.0.1, F=T"));
  EXPECT_THAT(plan.after, Not(HasSubstr("milter.sock")));
}

TEST(PlanSendmail, KnowsAPersonsOwnLineAndRefusesOneThatLetsMailThrough) {
  EXPECT_TRUE(plan_sendmail(std::string(our_line) + debian, connectord()).attached);
  for (const std::string line : {"INPUT_MAIL_FILTER(`connectord', `S=unix:/run/connectord/milter.sock')dnl\n",
                                 "INPUT_MAIL_FILTER(`x', `S=unix:/run/connectord/milter.sock, F=R')dnl\n",
                                 "MAIL_FILTER(`connectord', `S=unix:/elsewhere, F=T')dnl\n",
                                 "define(`confINPUT_MAIL_FILTERS', `opendkim')dnl\n"}) {
    const SendmailPlan plan = plan_sendmail(line + debian, connectord());
    EXPECT_EQ(plan.refusals.size(), 1U) << line;
    EXPECT_EQ(plan.after, line + debian);
  }
  Wanted without_milter;
  EXPECT_EQ(plan_sendmail(debian, without_milter).refusals.size(), 1U);
}

TEST(PlanSendmail, SaysWhatAPersonMustAdd) {
  Wanted wanted = connectord();
  EXPECT_THAT(plan_sendmail(debian, wanted).open, IsEmpty());
  wanted.outbound = wanted.certificate_names = true;
  EXPECT_EQ(plan_sendmail(debian, wanted).open.size(), 2U);
  wanted.socketmap = net::Endpoint::parse("unix:/run/connectord/socketmap.sock").value();
  const std::string mc =
      std::string(debian) + "define(`confCACERT', `/x')dnl\nKsendmail_tls socket unix:/run/connectord/socketmap.sock\n";
  EXPECT_THAT(plan_sendmail(mc, wanted).open, IsEmpty());
}

TEST(ReadSendmailCf, FindsFiltersProcessAndEntrance) {
  const auto milter = net::Endpoint::parse("unix:/run/connectord/milter.sock").value();
  const std::string filter = "Xconnectord, S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m\n";
  const std::string cf =
      "O DaemonPortOptions=Family=inet, Name=MSP-v4, Port=submission, M=Ea, Addr=127.0.0.1\n"
      "O DaemonPortOptions=Family=inet,  Name=MTA-v4, Port=2525, Addr=127.0.0.2\n"
      "O PidFile=/run/sendmail/mta/sendmail.pid\n";
  const SendmailCf read = read_sendmail_cf(cf + "O InputMailFilters=opendkim, connectord\n" + filter, milter);
  EXPECT_TRUE(read.asks_connectord);
  EXPECT_EQ(read.pid_file, "/run/sendmail/mta/sendmail.pid");
  ASSERT_TRUE(read.entrance);
  EXPECT_EQ(read.entrance->to_string(), "inet:127.0.0.2:2525");
  EXPECT_FALSE(read_sendmail_cf(cf + filter, milter).asks_connectord);
  EXPECT_FALSE(read_sendmail_cf(cf + "O InputMailFilters=connectord\n", milter).asks_connectord);
  EXPECT_FALSE(read_sendmail_cf(
                   cf + "O InputMailFilters=connectord\nXconnectord, S=unix:/run/connectord/milter.sock, F=R\n", milter)
                   .asks_connectord);
}

}  // namespace
}  // namespace connectord::ctl
