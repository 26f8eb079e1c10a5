#include "connectord/probe/on_demand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "connectord/probe/results.h"
#include "dns/zone.h"
#include "log/recording_log.h"
#include "scripted_network.h"

namespace connectord::probe {
namespace {

using ::testing::HasSubstr;

class OnDemandValidation : public ::testing::Test {
 protected:
  OnDemandValidation() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-demand-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    model::Configuration configuration;
    configuration.validation.state = folder_;
    for (const char* each : {"first", "second"}) {
      model::OutboundConnector connector;
      connector.name = each;
      connector.recipient_domains = {net::DomainPattern::parse(std::string(each) + ".example").value()};
      connector.route.smart_hosts = {{"192.0.2.1", false, 25}};
      configuration.outbound.push_back(std::move(connector));
    }
    network_->host("192.0.2.1:25");
    policies_.replace(engine::Policy::compile(std::move(configuration)).policy,
                      std::make_shared<dns::testing::ZoneResolver>(zone_));
  }
  ~OnDemandValidation() override { std::filesystem::remove_all(folder_); }

  OnDemand& validator() {
    if (!validator_) validator_.emplace(policies_, log_, std::move(network_));
    return *validator_;
  }

  std::string folder_;
  dns::testing::Zone zone_;
  test::RecordingLog log_;
  runtime::PolicyStore policies_{engine::Policy::compile({}).policy};
  std::unique_ptr<testing::ScriptedNetwork> network_ = std::make_unique<testing::ScriptedNetwork>();
  std::optional<OnDemand> validator_;
};

TEST_F(OnDemandValidation, KeepsWhatItFinds) {
  const auto report = validator().validate({Direction::outbound, "first", "a@first.example", ""});
  ASSERT_TRUE(report.has_value()) << report.error().reason;
  EXPECT_TRUE(report->passed) << report->summary;
  const auto kept = Results(folder_).find(Direction::outbound, "first");
  ASSERT_TRUE(kept.has_value());
  EXPECT_TRUE(kept->passed);
}

TEST_F(OnDemandValidation, GoesOnAfterAFailureOfItsOwn) {
  network_->has_no_memory = true;
  EXPECT_THROW((void)validator().validate({Direction::outbound, "first", "", ""}), std::bad_alloc);
  EXPECT_THROW((void)validator().validate({Direction::outbound, "second", "", ""}), std::bad_alloc);
}

TEST_F(OnDemandValidation, TakesEachConnectorOnceInAWhile) {
  ASSERT_TRUE(validator().validate({Direction::outbound, "first", "", ""}).has_value());
  const auto again = validator().validate({Direction::outbound, "first", "", ""});
  ASSERT_FALSE(again.has_value());
  EXPECT_THAT(again.error().reason, HasSubstr("less than 10 seconds ago"));
  EXPECT_TRUE(validator().validate({Direction::outbound, "second", "", ""}).has_value());
}

TEST_F(OnDemandValidation, RefusesAConnectorThatIsGone) {
  EXPECT_EQ(validator().validate({Direction::inbound, "first", "", ""}).error().reason, "the connector is gone");
}

}  // namespace
}  // namespace connectord::probe
