#include "connectord/mta/sendmail_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mta/sendmail_mc.h"

namespace connectord::mta {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* debian = R"(divert(0)dnl
dnl # INPUT_MAIL_FILTER(`old', `S=unix:/x')
define(`confTRUSTED_USERS', `smmta')dnl
FEATURE(`access_db')dnl
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
)";

constexpr const char* our_filter =
    "INPUT_MAIL_FILTER(`connectord', `S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m')dnl\n";
constexpr const char* our_table = "FEATURE(`mailertable', `socket unix:/run/connectord/socketmap.sock')dnl\n";
constexpr const char* our_map = "Ksendmail_tls socket -T<TMPF> unix:/run/connectord/socketmap.sock\n";

// The same in sendmail.cf.
constexpr const char* plain_cf = "C{Tls}VERIFY ENCR\nMesmtp,\t\tP=[IPC]\n";
constexpr const char* filter_cf =
    "O InputMailFilters=connectord\nXconnectord, S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m\n"
    "O CertFingerprintAlgorithm=sha256\n";
constexpr const char* table_cf = "Kmailertable socket unix:/run/connectord/socketmap.sock\n";
constexpr const char* rules_cf = "SLocal_tls_rcpt\nR$* < @ $+ >\t\t$: $| $(sendmail_tls $2 $: none $)\n";

MtaRequirements connectord() {
  MtaRequirements required;
  required.file = "/etc/connectord/connectord.toml";
  required.milter = net::Endpoint::parse("unix:/run/connectord/milter.sock").value();
  return required;
}

MtaRequirements with_routes() {
  MtaRequirements required = connectord();
  required.socketmap = net::Endpoint::parse("unix:/run/connectord/socketmap.sock").value();
  required.outbound = true;
  return required;
}

SendmailPlan plan(const std::string& cf, const MtaRequirements& required) {
  return plan_sendmail(read_sendmail_cf(cf), required);
}

std::string lines_of(const SendmailPlan& plan) {
  std::string lines;
  for (const SendmailChange& change : plan.changes) lines += change.lines;
  return lines;
}

TEST(PlanSendmail, AsksForTheFilterAndWhatFingerprintsNeed) {
  const SendmailPlan made = plan(plain_cf, connectord());
  EXPECT_EQ(lines_of(made), our_filter + std::string("define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl\n"));
  EXPECT_THAT(made.refusals, IsEmpty());
  EXPECT_THAT(made.open, IsEmpty());
  for (const SendmailChange& change : made.changes) EXPECT_EQ(change.place, SendmailChange::Place::head);
}

TEST(PlanSendmail, AsksForRoutesAndTheirProtection) {
  const SendmailPlan made = plan(std::string(plain_cf) + filter_cf, with_routes());
  ASSERT_EQ(made.changes.size(), 2U);
  EXPECT_EQ(made.changes[0].lines, our_table);
  EXPECT_EQ(made.changes[1].place, SendmailChange::Place::end);
  EXPECT_THAT(made.changes[1].lines,
              AllOf(StartsWith(std::string("LOCAL_CONFIG\n") + our_map), HasSubstr("\nLOCAL_TLS_RCPT\nR$*\t\t\t$: ")));
}

TEST(PlanSendmail, AddsAnEmptyAccessTableWhereThereIsNone) {
  const std::string cf = std::string("Mesmtp,\n") + filter_cf + table_cf + our_map + rules_cf;
  EXPECT_EQ(lines_of(plan(cf, with_routes())), "FEATURE(`access_db', `null -T<TMPF>')dnl\n");
}

TEST(PlanSendmail, AsksForNothingThatIsThereByWhomeverWritten) {
  const std::string cf = std::string(plain_cf) + filter_cf;
  EXPECT_EQ(lines_of(plan(cf, connectord())), "");
  EXPECT_EQ(lines_of(plan(cf + table_cf + our_map + rules_cf, with_routes())), "");
  // F=4 defers too, and closes the connection.
  const std::string closes = "O InputMailFilters=x, y\nXy, S=unix:/run/connectord/milter.sock, F=4\n";
  EXPECT_THAT(lines_of(plan(closes, connectord())), Not(HasSubstr("INPUT_MAIL_FILTER")));
}

TEST(PlanSendmail, RefusesWhatIsNotRightAndSaysWhatToWrite) {
  const std::string cf = std::string(plain_cf) + filter_cf;
  const std::string lost = "O InputMailFilters=connectord\n";
  struct Case {
    std::string cf;
    std::string what;
    std::string write;
  };
  for (const Case& one : std::vector<Case>{
           {lost + "Xconnectord, S=unix:/run/connectord/milter.sock\n", "not right", our_filter},
           {lost + "Xconnectord, S=unix:/run/connectord/milter.sock, F=R\n", "not right", our_filter},
           {lost + "Xconnectord, S=unix:/elsewhere, F=T\n", "not right: connectord, S=unix:/elsewhere", our_filter},
           {"O InputMailFilters=x\nXconnectord, S=unix:/run/connectord/milter.sock, F=T\n", "not asked",
            "confINPUT_MAIL_FILTERS"},
           {cf + "Kmailertable hash /etc/mail/mailertable\n", "another mailertable", our_table},
           {cf + "Kmailertable socket unix:/elsewhere\n", "another mailertable", our_table},
           {cf + "Kmailertable socket -T<TMPF> unix:/run/connectord/socketmap.sock\n", "another mailertable",
            our_table},
           {cf + table_cf + "SLocal_tls_rcpt\nR$*\t\t$@ OK\n", "Local_tls_rcpt of its own", our_map},
           {cf + table_cf + our_map, "sendmail_tls", our_map},
           {cf + table_cf + "Ksendmail_tls socket unix:/run/connectord/socketmap.sock\n" + rules_cf, "sendmail_tls",
            our_map},
           {cf + table_cf + our_map + rules_cf + "O DaemonPortOptions=Name=MTA, InputMailFilters=opendkim\n",
            "filters of its own", "InputMailFilters=connectord;opendkim"},
           {std::string("C{Tls}x\n") + filter_cf, "esmtp", "MAILER(`smtp')"}}) {
    const SendmailPlan made = plan(one.cf + "C{Tls}x\n" + (one.what == "esmtp" ? "" : "Mesmtp,\n"), with_routes());
    ASSERT_EQ(made.refusals.size(), 1U) << one.cf;
    EXPECT_THAT(made.refusals[0].what, HasSubstr(one.what));
    EXPECT_THAT(made.refusals[0].write, HasSubstr(one.write));
  }
  EXPECT_EQ(plan(plain_cf, MtaRequirements()).refusals.size(), 1U);
}

TEST(PlanSendmail, AsksForOurCertificatesWhereAConnectorShowsOne) {
  const std::string cf = std::string(plain_cf) + filter_cf + table_cf + our_map + rules_cf;
  const std::string certificate_map = "Ksendmail_certificate socket -T<TMPF> unix:/run/connectord/socketmap.sock\n";
  const std::string features = "Stls_clt_features\nR$* $| $*\t\t$: $| $(sendmail_certificate $1 $: none $)\n";
  MtaRequirements required = with_routes();
  EXPECT_THAT(plan(cf, required).changes, IsEmpty());
  required.sendmail_certificate = true;
  const SendmailPlan made = plan(cf, required);
  EXPECT_THAT(lines_of(made), AllOf(HasSubstr(certificate_map), HasSubstr(features)));
  EXPECT_THAT(plan(cf + certificate_map + features, required).changes, IsEmpty());
  const SendmailPlan refused = plan(cf + "Stls_clt_features\nR$*\t\t$@ \"\"\n", required);
  ASSERT_EQ(refused.refusals.size(), 1U);
  EXPECT_THAT(refused.refusals[0].what, HasSubstr("a ruleset tls_clt_features of its own"));
  EXPECT_THAT(refused.changes, IsEmpty());
}

TEST(PlanSendmail, LeavesAnArrangementOfRoutesAloneWhereNoConnectorNeedsIt) {
  MtaRequirements required = with_routes();
  required.outbound = false;
  EXPECT_THAT(lines_of(plan(std::string(plain_cf) + filter_cf, required)), HasSubstr(our_table));
  const SendmailPlan made =
      plan(std::string(plain_cf) + filter_cf + "Kmailertable hash /etc/mail/mailertable\n", required);
  EXPECT_THAT(made.refusals, IsEmpty());
  EXPECT_THAT(made.changes, IsEmpty());
}

TEST(PlanSendmail, SaysWhatAPersonMustAdd) {
  const std::string key = "O ServerCertFile=/c\nO ServerKeyFile=/k\n";
  const std::string tls = key + "O CACertFile=/a\nO CACertPath=/p\n";
  struct Case {
    std::string cf;
    bool MtaRequirements::*asked;
    std::vector<std::string> lines;
  };
  for (const Case& one : std::vector<Case>{
           {"", &MtaRequirements::tls, {"confSERVER_CERT', `/etc/mail/tls/server.pem')dnl\ndefine(`confSERVER_KEY"}},
           {key,
            &MtaRequirements::tls,
            {"define(`confCACERT', `/etc/mail/tls/partner-authorities.pem')dnl\ndefine(`confCACERT_"}},
           {key + "O CACertPath=/p\n", &MtaRequirements::tls, {"define(`confCACERT', "}},
           {key + "O CACertFile=/a\n",
            &MtaRequirements::certificate_names,
            {"define(`confCACERT_PATH', `/etc/ssl/certs')"}},
           {tls, &MtaRequirements::tls, {}},
           {tls, &MtaRequirements::certificate_names, {}},
           {tls + "O TLSSrvOptions=V\n", &MtaRequirements::tls, {}},
           {tls + "O TLSSrvOptions=V\n", &MtaRequirements::certificate_names, {"confTLS_SRV_OPTIONS"}},
           {tls + "O CertFingerprintAlgorithm=sha1\n", &MtaRequirements::certificate_names, {}},
           {tls + "O CertFingerprintAlgorithm=sha1\n",
            &MtaRequirements::fingerprints,
            {"confCERT_FINGERPRINT_ALGORITHM"}}}) {
    MtaRequirements required = connectord();
    required.*one.asked = true;
    const SendmailPlan made = plan(one.cf, required);
    ASSERT_EQ(made.open.size(), one.lines.size()) << one.cf;
    for (std::size_t i = 0; i < one.lines.size(); ++i) EXPECT_THAT(made.open[i].write, HasSubstr(one.lines[i]));
    EXPECT_THAT(made.configuration, IsEmpty());
  }
}

TEST(PlanSendmail, SaysWhatConnectordsConfigurationShouldSayOtherwise) {
  MtaRequirements required = connectord();
  required.public_keys_only = required.outbound = true;
  required.beyond_sendmail = {"connector x: Sendmail cannot be told of another port than 25: [a]:26"};
  const SendmailPlan made = plan("", required);
  EXPECT_THAT(made.open, IsEmpty());
  ASSERT_EQ(made.configuration.size(), 3U);
  EXPECT_THAT(made.configuration[0].write, HasSubstr("sha256:"));
  EXPECT_THAT(made.configuration[1].write, HasSubstr("socketmap = "));
  EXPECT_THAT(made.configuration[2].what, HasSubstr("another port"));
  for (const Advice& one : made.configuration) EXPECT_THAT(one.write, HasSubstr(required.file));
}

TEST(PlanSendmail, TellsWhatNoConnectorNeedsYetApart) {
  MtaRequirements required = with_routes();
  required.outbound = false;
  const SendmailPlan made = plan("Mesmtp,\n", required);
  std::string needed;
  for (const SendmailChange& change : made.changes) needed += change.needed ? change.lines : "";
  EXPECT_EQ(needed, our_filter);
  required.outbound = required.fingerprints = true;
  for (const SendmailChange& change : plan("Mesmtp,\n", required).changes) EXPECT_TRUE(change.needed) << change.what;
}

std::string attached(const std::string& mc, const MtaRequirements& required = with_routes()) {
  return with_our_lines(mc, plan("Mesmtp,\n", required).changes);
}

std::string follows_the_filter(const std::string& mc) {
  const std::string text = attached(mc);
  const std::size_t end = text.find("to here\n", text.find(our_filter));
  return end == std::string::npos ? "nothing" : text.substr(end + 8, text.find('\n', end + 8) - end - 8);
}

TEST(SendmailMc, HasOurLinesBeforeOtherFiltersAndTheMailersAndRulesAtTheEnd) {
  EXPECT_EQ(follows_the_filter(debian), "MAILER_DEFINITIONS");
  const std::string filter = "  INPUT_MAIL_FILTER(`opendkim', `S=local:/o')dnl";
  EXPECT_EQ(follows_the_filter(std::string(debian).insert(13, filter + "\n")), filter);
  EXPECT_EQ(follows_the_filter(debian + filter + "\n"), "MAILER_DEFINITIONS");  // features come before mailers
  const std::string rules = attached(debian).substr(attached(debian).find("MAILER(`smtp')dnl\n"));
  EXPECT_THAT(rules, AllOf(HasSubstr("PUSHDIVERT(-1)dnl\nLOCAL_CONFIG\n"), HasSubstr("POPDIVERT`'dnl\n")));
}

TEST(SendmailMc, IsUndoneToTheByteAndKnownAgain) {
  for (const std::string mc : {debian, "", "\n", "FEATURE(`x')", "MAILER(`smtp')dnl", "MAILER(`smtp')dnl\n\n",
                               "LOCAL_RULESETS\nSmine\nR$*\t\t$@ $1"}) {
    for (const MtaRequirements& required : {connectord(), with_routes()}) {
      const std::string after = attached(mc, required);
      EXPECT_THAT(after, HasSubstr(our_filter));
      EXPECT_TRUE(has_our_lines(after));
      EXPECT_EQ(without_our_lines(after), mc);
      EXPECT_EQ(attached(without_our_lines(after), required), after);
    }
    EXPECT_EQ(without_our_lines(mc), mc);
    EXPECT_FALSE(has_our_lines(mc));
  }
}

TEST(SendmailMc, KeepsWhatWasAddedBehindOurLines) {
  EXPECT_EQ(without_our_lines(attached(debian) + "define(`confLOG_LEVEL', `14')dnl\n"),
            std::string(debian) + "define(`confLOG_LEVEL', `14')dnl\n");
}

TEST(SendmailMc, SaysWhetherItListsTheFiltersItself) {
  EXPECT_TRUE(lists_filters("define(`confINPUT_MAIL_FILTERS', `opendkim')dnl\n"));
  EXPECT_FALSE(lists_filters(debian));
  EXPECT_FALSE(lists_filters("dnl define(`confINPUT_MAIL_FILTERS', `opendkim')dnl\n"));
}

}  // namespace
}  // namespace connectord::mta
