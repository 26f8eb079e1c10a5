#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/doctor/doctor.h"
#include "probe/scripted_archive.h"

namespace connectord::doctor {
namespace {

using probe::testing::row_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t trace_now = 1'800'000'000;

// A trace that reaches back far enough, and a partner's connector by network.
class DoctorTrace : public ::testing::Test {
 protected:
  DoctorTrace() {
    model::InboundConnector connector;
    connector.name = "contoso";
    connector.scenario = model::Scenario::partner;
    connector.identify.client_networks = {net::AddressRange::parse("192.0.2.0/24").value()};
    configuration_.inbound = {connector};
    configuration_.trace.emplace();
    configuration_.trace->mail_log = "/var/log/mail.log";
    archive_.found = [this](const trace::Query& query) {
      if (query.until && !query.status) return old_;
      if (query.connector == "contoso") return taken_;
      if (query.connector == "none") return strangers_;
      if (query.status == trace::Status::getting_status) return unknown_;
      if (query.status == trace::Status::delivered) return delivered_;
      return newest_;
    };
  }

  static trace::Message message(const std::string& connector) {
    trace::Message made;
    made.connector = connector;
    made.mail_from = "alice@contoso.com";
    made.client_address = "192.0.2.7";
    made.time = (trace_now - 60) * 1000;
    return made;
  }

  // "warning connectors: …"
  std::vector<std::string> issues() {
    const engine::Policy policy(configuration_);
    const std::string file = "/etc/connectord/connectord.toml";
    const Context context{
        .configuration_file = file, .configuration = configuration_, .policy = policy, .now = trace_now};
    Findings findings;
    examine_archive(context, archive_, findings);
    std::vector<std::string> all;
    for (const Issue& each : findings.issues()) {
      all.push_back((each.severity == Severity::critical ? "critical " : "warning ") + each.area + ": " + each.what);
    }
    return all;
  }

  model::Configuration configuration_;
  probe::testing::ScriptedArchive archive_;
  std::vector<trace::Row> old_;
  std::vector<trace::Row> taken_;
  std::vector<trace::Row> strangers_;
  std::vector<trace::Row> unknown_;
  std::vector<trace::Row> delivered_;
  std::vector<trace::Row> newest_;
};

TEST_F(DoctorTrace, OfWhichNothingIsWrongSaysNothing) {
  EXPECT_THAT(issues(), IsEmpty());
}

TEST_F(DoctorTrace, NamesConnectorsThatNoMailHasUsed) {
  old_ = {row_of(1, message("contoso"))};
  EXPECT_THAT(issues(), ElementsAre("warning connectors: no mail has used contoso for 30 days"));
}

TEST_F(DoctorTrace, DoesNotSayThatOfATraceThatIsYounger) {
  EXPECT_THAT(issues(), IsEmpty());
}

TEST_F(DoctorTrace, NamesMailOfAPartnersSendersThatMatchedNoConnector) {
  taken_ = {row_of(1, message("contoso"))};
  archive_.volumes.volumes = {{0, "contoso", 1, 1, 0}};
  trace::Message stranger = message("");
  stranger.client_address = "198.51.100.7";
  strangers_ = {row_of(2, stranger)};
  EXPECT_THAT(issues(),
              ElementsAre(HasSubstr("1 message of contoso.com, whose mail else comes over contoso, matched no "
                                    "connector, such as from [198.51.100.7]")));
}

TEST_F(DoctorTrace, NamesFactsThatTheMailServerDoesNotTell) {
  trace::Message unknown = message("contoso");
  unknown.client_address.clear();
  unknown.findings = {{"require.certificate.fingerprints", "contoso", model::Outcome::temperror, "x", "y", "ask so"}};
  newest_ = {row_of(3, unknown)};
  EXPECT_THAT(issues(),
              ElementsAre(HasSubstr("no client address"), HasSubstr("require.certificate.fingerprints was not")));
}

TEST_F(DoctorTrace, NamesMailOfWhichNobodyKnowsWhatBecameOfIt) {
  unknown_ = {row_of(4, message("contoso"))};
  EXPECT_THAT(issues(), ElementsAre(HasSubstr("critical deliveries: nobody knows what became of 1 message")));
  delivered_ = {row_of(5, message("contoso"))};
  EXPECT_THAT(issues(), ElementsAre(HasSubstr("warning deliveries: nobody knows what became of 1 message")));
}

}  // namespace
}  // namespace connectord::doctor
