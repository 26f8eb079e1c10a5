#include "connectord/doctor/sendmail_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doctor/sendmail_judgement.h"

namespace connectord::doctor {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* remake = "make -C /etc/mail sendmail.cf && systemctl restart sendmail";

// All that a sendmail.cf must have.
constexpr const char* good =
    "C{Tls}VERIFY ENCR\nMesmtp,\t\tP=[IPC]\nD{MTAHost}mx\n"
    "O InputMailFilters=connectord\nXconnectord, S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m\n"
    "O CertFingerprintAlgorithm=sha256\nO DaemonPortOptions=Family=inet, Name=MTA, Port=smtp\n"
    "O ServerCertFile=/c\nO ServerKeyFile=/k\nO CACertFile=/a\nO CACertPath=/p\n";

mta::MtaRequirements wanted() {
  mta::MtaRequirements required;
  required.file = "/etc/connectord/connectord.toml";
  required.milter = net::Endpoint::parse("unix:/run/connectord/milter.sock").value();
  required.tls = required.certificate_names = required.fingerprints = true;
  return required;
}

model::Configuration configuration() {
  model::Configuration configuration;
  configuration.inbound.emplace_back().name = "contoso";
  configuration.trace.emplace();
  configuration.trace->mail_log = "/var/log/mail.log";
  return configuration;
}

std::string without(std::string text, const std::string& piece) {
  return text.erase(text.find(piece), piece.size());
}

std::string line_of(const Issue& one) {
  return (one.severity == Severity::critical ? "critical " : "warning ") + one.area + ": " + one.what + " -> " +
         one.write;
}

std::vector<std::string> judged(const std::string& cf, const mta::MtaRequirements& by = wanted()) {
  std::vector<std::string> all;
  for (const Issue& one : judge_sendmail_cf(mta::read_sendmail_cf(cf), by, configuration(), "/etc/mail/sendmail.mc")) {
    all.push_back(line_of(one));
  }
  return all;
}

TEST(JudgeSendmailCf, FindsNothingWrongWithAGoodOne) {
  EXPECT_THAT(judged(good), IsEmpty());
}

TEST(JudgeSendmailCf, NamesEachThingWithItsSeverityAndTheLineThatMendsIt) {
  struct Case {
    std::string cf;
    std::string issue;  // how it begins
    std::string line;
  };
  const std::string filter = "Xconnectord, S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m\n";
  const std::string port = "O DaemonPortOptions=Family=inet, Name=MTA, Port=smtp\n";
  for (const Case& one : std::vector<Case>{
           {without(good, filter), "critical sendmail: no INPUT_MAIL_FILTER", "INPUT_MAIL_FILTER(`connectord', "},
           {without(good, "F=T, "), "critical sendmail: sendmail.mc has connectord in a way", "F=T"},
           {without(good, "S:30s;R:30s;"), "warning sendmail: Sendmail waits 10 s", "T=S:30s;R:30s;E:2m"},
           {without(good, ", T=S:30s;R:30s;E:2m"), "warning sendmail: Sendmail waits 10 s", "T=S:30s;R:30s;E:2m"},
           {std::string(good) + "O InputMailFilters=x, connectord\n", "warning sendmail: another filter is asked",
            "define(`confINPUT_MAIL_FILTERS', `connectord, x')dnl"},
           {without(good, port) + "O DaemonPortOptions=Port=smtp, M=S\n", "critical sendmail: connectors require TLS",
            "take S out"},
           {without(good, port) + "O DaemonPortOptions=Port=smtp, Addr=127.0.0.1\n",
            "warning sendmail: there are inbound connectors, and Sendmail takes mail from this machine",
            "DAEMON_OPTIONS("},
           {without(good, "O CACertPath=/p\n"), "critical sendmail: connectors require TLS", "confCACERT_PATH"},
           {std::string(good) + "O TLSSrvOptions=V\n", "critical sendmail: connectors match client cert",
            "confTLS_SRV_OPTIONS"},
           {std::string(good) + "O LogLevel=8\n", "critical deliveries: Sendmail logs no deliveries",
            "`confLOG_LEVEL', `9'"},
           {std::string(good) + "D{auth_authen}joe\n", "critical macros: sendmail.cf gives {auth_authen}",
            "take the line D{auth_authen}"},
       }) {
    EXPECT_THAT(judged(one.cf), ElementsAre(AllOf(StartsWith(one.issue), HasSubstr(one.line),
                                                  HasSubstr("\nthen: " + std::string(remake)))))
        << one.issue;
  }
}

TEST(JudgeSendmailCf, LeavesAloneWhatNobodyNeedsOrWhatIsTheMailServersOwn) {
  mta::MtaRequirements plain = wanted();
  plain.tls = plain.certificate_names = plain.fingerprints = false;
  const std::string bare =
      "C{Tls}\nMesmtp,\nO InputMailFilters=connectord\nXconnectord, S=unix:/run/connectord/milter.sock, F=T, T=R:1m\n";
  EXPECT_THAT(judged(bare + "O CertFingerprintAlgorithm=md5\nO DaemonPortOptions=Port=smtp, M=S\n", plain), IsEmpty());
  EXPECT_THAT(judged(bare, plain), ElementsAre(StartsWith("warning sendmail: confCERT_FINGERPRINT_ALGORITHM")));
  EXPECT_THAT(judged(std::string(good) + "O Milter.macros.helo\nO Milter.macros.envfrom=i\nO LogLevel=x\n"), IsEmpty());
  EXPECT_THAT(judged(std::string(good) + "O DaemonPortOptions=Port=2525, Addr=::1\n"), IsEmpty());
}

TEST(JudgeSendmailCf, TellsWhatToWriteInConnectordsConfigurationWithoutAMake) {
  mta::MtaRequirements by = wanted();
  by.milter.reset();
  by.beyond_sendmail = {"connector x: Sendmail cannot"};
  for (const std::string& one : judged(good, by)) EXPECT_THAT(one, ::testing::Not(HasSubstr("make -C"))) << one;
}

TEST(JudgeAccess, NamesClientsThatAreOfferedLessThanConnectorsNeed) {
  struct Case {
    std::string text;
    std::vector<std::string> troubles;  // how they begin
  };
  const std::string begin = "connectors require TLS or a client certificate, and /etc/mail/access has ";
  for (const Case& one : std::vector<Case>{
           {"", {}},
           {"Connect:192.0.2.1\tS V\nSrv_Features:192.0.2\tv s\n#Srv_Features:\tS\nSrv_Features:VS.example OK\n", {}},
           {"Srv_Features:192.0.2 S\n", {"warning sendmail: " + begin + "192.0.2 offered no STARTTLS"}},
           {"Srv_Features:\tV\n", {"critical sendmail: " + begin + "all clients asked for no certificate"}},
           {"Srv_Features:192.0.2 O\n", {"warning sendmail: a message of 192.0.2 may end by a line feed alone"}},
           {"Srv_Features:\tv O\n", {"critical sendmail: a message of any client may end by a line feed alone"}},
           {"Srv_Features:\to\n", {}},
           {"Srv_Features:x\tV, S",
            {"warning sendmail: " + begin + "x offered no", "warning sendmail: " + begin + "x asked"}}}) {
    std::vector<std::string> all;
    for (const Issue& issue : judge_access(one.text, wanted(), "/etc/mail/access")) all.push_back(line_of(issue));
    ASSERT_EQ(all.size(), one.troubles.size()) << one.text;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_THAT(all[i], AllOf(StartsWith(one.troubles[i]), HasSubstr("\nthen: make -C /etc/mail")));
    }
  }
  EXPECT_THAT(judge_access("Srv_Features:\tV S\n", mta::MtaRequirements(), "/etc/mail/access"), IsEmpty());
  EXPECT_EQ(judge_access("Srv_Features:\tO\n", mta::MtaRequirements(), "/etc/mail/access").size(), 1U)
      << "whatever connectors need";
}

SendmailSetup setup(const std::string& cf = good, const std::string& made = good) {
  SendmailSetup setup;
  setup.mc = "/etc/mail/sendmail.mc";
  setup.cf_file = "/etc/mail/sendmail.cf";
  setup.cf = mta::read_sendmail_cf(cf);
  setup.made = mta::read_sendmail_cf(made);
  setup.is_of_mc = cf == made;
  setup.mc_changed = 1;
  setup.cf_changed = 2;
  setup.started = 3;
  return setup;
}

std::vector<std::string> judged(const SendmailSetup& setup) {
  Findings findings;
  judge_sendmail(setup, wanted(), configuration(), findings);
  std::vector<std::string> all;
  for (const Issue& one : findings.issues()) all.push_back(line_of(one));
  return all;
}

TEST(JudgeSendmail, FindsNothingWrongWithOneThatIsMadeAndStartedInThatOrder) {
  EXPECT_THAT(judged(setup()), IsEmpty());
}

TEST(JudgeSendmail, TellsToMakeSendmailCfWhereSendmailMcIsRightAlready) {
  SendmailSetup stale = setup(without(good, "F=T, "));
  stale.mc_changed = 9;
  EXPECT_THAT(judged(stale), ElementsAre(AllOf(HasSubstr("connectord in a way that is not right"),
                                               HasSubstr(" -> " + std::string(remake))),
                                         HasSubstr("sendmail.mc was changed after sendmail.cf was made of it")));
}

TEST(JudgeSendmail, TellsWhatTheNextMakeWouldBring) {
  EXPECT_THAT(
      judged(setup(good, without(good, "F=T, "))),
      ElementsAre(StartsWith("warning sendmail: once sendmail.cf is made anew: sendmail.mc has connectord in a"),
                  HasSubstr("sendmail.cf is not what m4 makes of /etc/mail/sendmail.mc")));
}

TEST(JudgeSendmail, JudgesWhatIsThereWhereItCannotBeMade) {
  SendmailSetup unmade = setup(without(good, "F=T, "));
  unmade.made.reset();
  EXPECT_THAT(judged(unmade), ElementsAre(HasSubstr("INPUT_MAIL_FILTER")));
}

TEST(JudgeSendmail, NamesADaemonThatDoesNotRunOrRunsByAnOlderFile) {
  SendmailSetup daemon = setup();
  daemon.started = 1;
  EXPECT_THAT(judged(daemon), ElementsAre(AllOf(StartsWith("warning"), HasSubstr("was started before"))));
  daemon.started.reset();
  EXPECT_THAT(judged(daemon), ElementsAre(AllOf(StartsWith("critical"), HasSubstr("does not run"))));
  daemon = setup();
  daemon.obstacle_to_restart = "x";
  EXPECT_THAT(judged(daemon), ElementsAre(HasSubstr("would end at SIGHUP")));
}

}  // namespace
}  // namespace connectord::doctor
