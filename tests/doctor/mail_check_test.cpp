#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/doctor/doctor.h"
#include "connectord/model/checks.h"
#include "probe/scripted_archive.h"

namespace connectord::doctor {
namespace {

using probe::testing::row_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t now = 1'800'000'000;

// A partner's connector by network, and mail of the last day, the newest first.
class DoctorMail : public ::testing::Test {
 protected:
  DoctorMail() {
    model::InboundConnector connector;
    connector.name = "contoso";
    connector.scenario = model::Scenario::partner;
    connector.location.file = std::make_shared<const std::string>("/etc/connectord/partners.toml");
    configuration_.inbound = {connector};
    archive_.found = [this](const trace::Query& query) {
      if (query.connector == "none") return strangers_;
      return query.until ? before_ : newest_;
    };
  }

  static trace::Row row(std::int64_t id, model::Action action, const std::string& client = "192.0.2.7",
                        std::string connector = "contoso") {
    trace::Message message;
    message.connector = std::move(connector);
    message.identified_by = message.connector.empty() ? "" : "client_network";
    message.client_address = client;
    message.time = (now - 600 + id) * 1000;
    message.action = action;
    if (action == model::Action::reject) {
      message.reply = "550 5.7.10 TLS is required";
      message.findings = {{std::string(model::check::require_tls), "contoso", model::Outcome::fail, "TLS", "no TLS",
                           "have the partner offer TLS"}};
    }
    return row_of(id, message);
  }

  static trace::Row with_spf(trace::Row row, model::SpfResult result, const std::string& domain = "fabrikam.com") {
    trace::Message message = *row.message;
    model::SpfOutcome& spf = message.authentication.spf.emplace();
    spf.result = result;
    spf.domain = domain;
    return row_of(message.id, message);
  }

  std::vector<Issue> issues() {
    const engine::Policy policy(configuration_);
    const std::string file = "/etc/connectord/connectord.toml";
    const Context context{.configuration_file = file, .configuration = configuration_, .policy = policy, .now = now};
    Findings findings;
    examine_mail(context, archive_, findings);
    return findings.issues();
  }

  model::Configuration configuration_;
  probe::testing::ScriptedArchive archive_;
  std::vector<trace::Row> newest_;
  std::vector<trace::Row> before_;
  std::vector<trace::Row> strangers_;
};

constexpr auto accept = model::Action::accept;
constexpr auto reject = model::Action::reject;

TEST_F(DoctorMail, ThatIsTakenSaysNothing) {
  newest_ = {row(3, accept), row(2, reject), row(1, accept)};
  EXPECT_THAT(issues(), IsEmpty());
}

TEST_F(DoctorMail, ThatTurnedFromTakenToRefusedIsToldWithTheFindingAndWhatMendsIt) {
  newest_ = {row(4, reject), row(3, reject), row(2, accept), row(1, accept)};
  const auto found = issues();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::critical);
  EXPECT_THAT(found[0].what, HasSubstr("contoso: the last 2 of 4 messages were refused, the first at "));
  EXPECT_THAT(found[0].what, HasSubstr("; taken until "));
  EXPECT_THAT(found[0].why, HasSubstr("require.tls: expected TLS, seen no TLS; the client was told 550 5.7.10"));
  EXPECT_EQ(found[0].write, "have the partner offer TLS");
}

TEST_F(DoctorMail, OfWhichAllIsRefusedTodayIsHeldAgainstTheDaysBefore) {
  newest_ = {row(4, reject), row(3, reject)};
  before_ = {row(1, accept)};
  ASSERT_THAT(issues(), SizeIs(1));
  EXPECT_THAT(issues()[0].what, HasSubstr("contoso: all 2 messages since "));
}

TEST_F(DoctorMail, ThatOneIsRefusedIsAWarning) {
  newest_ = {row(2, reject), row(1, accept)};
  ASSERT_THAT(issues(), SizeIs(1));
  EXPECT_EQ(issues()[0].severity, Severity::warning);
}

TEST_F(DoctorMail, OfSomebodyElseWhoWritesThePartnersDomainSaysNothingOfThePartner) {
  trace::Row forged = row(2, reject, "198.51.100.9");
  trace::Message message = *forged.message;
  message.identified_by = "sender_domain";
  newest_ = {row_of(2, message), row(1, accept)};
  EXPECT_THAT(issues(), IsEmpty());
}

TEST_F(DoctorMail, OfAConnectorInAuditModeIsNotRefused) {
  configuration_.inbound[0].mode = model::Mode::audit;
  newest_ = {row(4, reject), row(3, reject), row(2, accept)};
  EXPECT_THAT(issues(), IsEmpty());
}

TEST_F(DoctorMail, OfASourceOfWhichNothingWasEverTakenIsToldWhereItIsKnownByItsAddress) {
  newest_ = {row(3, reject), row(2, reject), row(1, reject)};
  ASSERT_THAT(issues(), SizeIs(1));
  EXPECT_THAT(issues()[0].what, HasSubstr("none was taken in the 30 days before"));
}

TEST_F(DoctorMail, OfAGatewayThatIsJudgedAsTheSenderIsToldWithTheKeyToWrite) {
  for (int id = 5; id >= 1; --id) {
    newest_.push_back(with_spf(row(id, accept), model::SpfResult::softfail, id > 2 ? "a.example" : "b.example"));
  }
  const auto found = issues();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].area, "spf");
  EXPECT_THAT(found[0].what, HasSubstr("SPF fails for all 5 of 5 messages, judged as if [192.0.2.7] itself"));
  EXPECT_THAT(found[0].write,
              HasSubstr("/etc/connectord/partners.toml:\n[inbound.enhanced_filtering]\nskip_last = true"));
}

TEST_F(DoctorMail, OfOneDomainLacksTheServerInThatDomainsRecord) {
  for (int id = 5; id >= 1; --id) newest_.push_back(with_spf(row(id, accept), model::SpfResult::fail));
  EXPECT_THAT(issues(), IsEmpty());
}

TEST_F(DoctorMail, OfWhichOnePassesSpfIsNoGateways) {
  for (int id = 5; id >= 2; --id) {
    newest_.push_back(with_spf(row(id, accept), model::SpfResult::fail, std::to_string(id) + ".example"));
  }
  newest_.push_back(with_spf(row(1, accept), model::SpfResult::pass));
  EXPECT_THAT(issues(), IsEmpty());
}

TEST_F(DoctorMail, OfSeveralDomainsFromOneAddressWithoutAConnectorMayBeAGateways) {
  const auto stranger = [](std::int64_t id, const std::string& client, const std::string& domain) {
    return with_spf(row(id, accept, client, ""), model::SpfResult::fail, domain);
  };
  strangers_ = {stranger(6, "198.51.100.1", "a.example"), stranger(5, "198.51.100.1", "a.example"),
                stranger(4, "198.51.100.1", "a.example"), stranger(3, "192.0.2.10", "a.example"),
                stranger(2, "192.0.2.10", "b.example"),   stranger(1, "192.0.2.10", "c.example")};
  const auto found = issues();
  ASSERT_THAT(found, SizeIs(1)) << "who forges one domain is no gateway";
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_THAT(found[0].what, HasSubstr("from [192.0.2.10], of 3 sender domains"));
  EXPECT_THAT(found[0].write, HasSubstr("client_networks = [\"192.0.2.10\"]"));
}

TEST(DoctorQueue, NamesConnectorsWhoseNextHopTakesNoMail) {
  const model::Configuration configuration;
  const engine::Policy policy(configuration);
  const std::string file = "/etc/connectord/connectord.toml";
  const Context context{.configuration_file = file, .configuration = configuration, .policy = policy, .now = now};
  const auto line = [](const std::string& connector, const std::string& next_hop, std::size_t tried) {
    mta::QueueLine made;
    made.connector = connector;
    made.next_hop = next_hop;
    made.messages = made.recipients = 3;
    made.tried = tried;
    made.oldest = now - 7200;
    made.last_error = tried > 0 ? "Connection refused" : "";
    made.first_bounce = now + 400'000;
    return made;
  };
  mta::QueueReport report;
  report.lines = {line("contoso-out", "[mx.contoso.com]", 3), line("", "gone.example", 2),
                  line("fabrikam-out", "[mx.fabrikam.com]", 0)};
  Findings findings;
  judge_queue(context, report, findings);
  ASSERT_THAT(findings.issues(), SizeIs(1)) << "what is being tried first, and ordinary mail, is no issue";
  const Issue& issue = findings.issues()[0];
  EXPECT_EQ(issue.severity, Severity::critical);
  EXPECT_THAT(issue.what, HasSubstr("contoso-out: 3 messages wait for [mx.contoso.com] since "));
  EXPECT_EQ(issue.why, "Connection refused");
  EXPECT_THAT(issue.write, HasSubstr("connectorctl validate contoso-out"));
}

TEST(DoctorFindings, CallGoodWhatWasLookedAtAndHasNoIssue) {
  Findings findings;
  findings.seen("disk", "1000 MiB are left");
  findings.seen("disk", "900 MiB are left");
  findings.seen("postfix", "3.7.11");
  findings.note("trace", "there is none");
  findings.warn("postfix", "odd", "mend it");
  findings.critical("connectord", "does not run", "start it");
  findings.sort();
  EXPECT_THAT(findings.good_areas(), ElementsAre("disk"));
  EXPECT_EQ(findings.issues()[0].area, "connectord");
  EXPECT_FALSE(findings.all_well());
}

}  // namespace
}  // namespace connectord::doctor
