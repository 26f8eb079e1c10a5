#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/probe/validate.h"
#include "dns/zone.h"
#include "scripted_archive.h"
#include "scripted_network.h"
#include "tls/maker.h"

namespace connectord::probe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A partner's connector, by sender domain and network, and what the trace has of the last days.
class InboundHistory : public ::testing::Test {
 protected:
  InboundHistory() {
    connector_.name = "contoso";
    connector_.scenario = model::Scenario::partner;
    connector_.identify.sender_domains = {net::DomainPattern::parse("contoso.com").value()};
    connector_.identify.client_networks = {net::AddressRange::parse("192.0.2.0/24").value()};
    trace_.found = [this](const trace::Query& query) {
      return query.connector == "contoso" ? taken_ : query.sender == "contoso.com" ? of_sender_ : of_network_;
    };
  }

  static trace::Message message(const std::string& connector, model::Action action = model::Action::accept) {
    trace::Message made;
    made.time = (tls::testing::now - 3600) * 1000;
    made.connector = connector;
    made.action = action;
    made.mail_from = "alice@contoso.com";
    made.client_address = "198.51.100.7";
    return made;
  }

  std::vector<Step> history() {
    configuration_.inbound.insert(configuration_.inbound.begin(), connector_);
    const engine::Policy policy(configuration_);
    dns::testing::ZoneResolver resolver(zone_);
    testing::ScriptedNetwork network;
    Services services{resolver, network, {}};
    services.unix_time = [] { return tls::testing::now; };
    services.archive = &trace_;
    std::vector<Step> steps;
    const Report report = validate_inbound(policy, "contoso", {}, services).value();
    for (const Step& step : report.steps) {
      if (step.finding.check.starts_with("history.")) steps.push_back(step);
    }
    return steps;
  }

  model::Configuration configuration_;
  model::InboundConnector connector_;
  dns::testing::Zone zone_;
  testing::ScriptedArchive trace_;
  std::vector<trace::Row> taken_;
  std::vector<trace::Row> of_sender_;
  std::vector<trace::Row> of_network_;
};

TEST_F(InboundHistory, CountsWhatBecameOfTheConnectorsMail) {
  taken_ = {testing::row_of(3, message("contoso")), testing::row_of(2, message("contoso")),
            testing::row_of(1, message("contoso", model::Action::reject))};
  const auto steps = history();
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].finding.seen, "2 accept, 1 reject in the last 7 days");
  EXPECT_EQ(trace_.queries[0].since, (tls::testing::now - 7 * 24 * 3600) * 1000);
}

TEST_F(InboundHistory, CountsAMessageOnceThatSeveralSearchesFind) {
  taken_ = of_sender_ = of_network_ = {testing::row_of(1, message("contoso"))};
  EXPECT_EQ(history()[0].finding.seen, "1 accept in the last 7 days");
}

TEST_F(InboundHistory, ShowsAnExampleOfEachRequirementThatFailed) {
  trace::Message refused = message("contoso", model::Action::reject);
  refused.findings = {{"require.tls", "contoso", model::Outcome::fail, "TLS", "none", "the partner must use STARTTLS"},
                      {"require.spf", "fabrikam", model::Outcome::fail, "pass", "none", ""}};
  taken_ = {testing::row_of(9, refused)};
  const auto steps = history();
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_TRUE(steps[1].warning);
  EXPECT_EQ(steps[1].finding.expected, "require.tls");
  EXPECT_THAT(steps[1].finding.seen, HasSubstr("1 message, such as row 9 ("));
  EXPECT_THAT(steps[1].finding.seen, HasSubstr("<alice@contoso.com> from [198.51.100.7]): expected TLS, seen none"));
  EXPECT_EQ(steps[1].finding.hint, "the partner must use STARTTLS");
}

TEST_F(InboundHistory, TellsOfMailThatAnotherConnectorTookAndWouldAgain) {
  model::InboundConnector gateway;
  gateway.name = "gateway";
  gateway.identify.client_networks = {net::AddressRange::parse("198.51.100.7").value()};
  configuration_.inbound = {gateway};
  trace::Message missed = message("gateway");
  missed.identified_by = "client_network";
  of_sender_ = {testing::row_of(5, missed)};
  const auto steps = history();
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[1].finding.check, "history.missed");
  EXPECT_THAT(steps[1].finding.seen, HasSubstr("1 message to gateway, by its client_network, such as row 5"));
  EXPECT_THAT(steps[1].finding.hint, HasSubstr("gateway takes it now too"));
}

TEST_F(InboundHistory, SaysWhereTheConfigurationOfNowWouldTakeTheMail) {
  of_sender_ = {testing::row_of(5, message(""))};
  const auto steps = history();
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_THAT(steps[1].finding.seen, HasSubstr("to no connector"));
  EXPECT_EQ(steps[1].finding.hint, "with the configuration as it is now, this connector takes it");
}

TEST_F(InboundHistory, PassesOverMailOfOurOwnUsers) {
  trace::Message submission = message("");
  submission.sasl_username = "alice";
  of_sender_ = {testing::row_of(5, submission)};
  const auto steps = history();
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].finding.seen, "none in the last 7 days");
}

}  // namespace
}  // namespace connectord::probe
