#include "connectord/delivery/advisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connectord/delivery/destination.h"
#include "connectord/engine/policy.h"
#include "dns/zone.h"
#include "log/recording_log.h"
#include "probe/scripted_network.h"
#include "tls/maker.h"

namespace connectord::delivery {
namespace {

using Kind = Advice::Kind;
using ::testing::Contains;
using ::testing::HasSubstr;
using tls::testing::day;
using tls::testing::Made;

const std::string enforced = "secure match=mx.contoso.com servername=hostname";

// A network whose connections wait until they are let go.
class HeldNetwork : public probe::testing::ScriptedNetwork {
 public:
  tl::expected<std::unique_ptr<smtp::Connection>, smtp::Failure> connect(const net::IpAddress& address,
                                                                         std::uint16_t port,
                                                                         const std::optional<net::IpAddress>& source,
                                                                         smtp::Deadline deadline) override {
    ++attempts;
    if (held) released.get_future().wait();
    return ScriptedNetwork::connect(address, port, source, deadline);
  }

  std::atomic<int> attempts = 0;
  std::atomic<bool> held = false;
  std::promise<void> released;
};

// contoso.com has a policy at 192.0.2.80, whose certificate is as it should be. Tests change it.
class DeliveryAdvisorThreads : public ::testing::Test {
 protected:
  DeliveryAdvisorThreads() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-delivery-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    zone_->txt("_mta-sts.contoso.com", "v=STSv1; id=1").address("mta-sts.contoso.com", "192.0.2.80");
    web().tls = session("mta-sts.contoso.com");
    publish("enforce");
  }
  ~DeliveryAdvisorThreads() override {
    advisor_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Names whose answers change are in another zone from then on.
  class Resolver : public dns::Resolver {
   public:
    explicit Resolver(std::shared_ptr<dns::testing::Zone>& zone) : zone_(zone) {}
    void resolve(const dns::Question& question, const std::string&, Callback callback) override {
      callback(std::make_shared<dns::Answer>(zone_->answer(question)));
    }

   private:
    std::shared_ptr<dns::testing::Zone>& zone_;
  };

  probe::testing::ScriptedHost& web() { return network_->host("192.0.2.80:443"); }
  smtp::TlsSession session(const std::string& name) {
    certificate_ = std::make_unique<Made>(tls::testing::Wanted{.names = {name}}, &authority_);
    return {model::TlsVersion::tls1_3, "", {certificate_->certificate(), authority_.certificate()}, {}, false};
  }
  void publish(const std::string& mode, std::int64_t age = 7 * day, const std::string& status = "200 OK") {
    const std::string text =
        "version: STSv1\nmode: " + mode + "\nmx: mx.contoso.com\nmax_age: " + std::to_string(age) + "\n";
    web().only_answer = "HTTP/1.1 " + status +
                        "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
                        text;
  }
  void set_id(const std::string& id) {
    auto other = std::make_shared<dns::testing::Zone>();
    other->address("mta-sts.contoso.com", "192.0.2.80");
    if (!id.empty()) other->txt("_mta-sts.contoso.com", "v=STSv1; id=" + id);
    zone_ = other;
  }

  Advisor& advisor() {
    if (!advisor_) {
      model::Configuration configuration;
      configuration.delivery = {.dane = true, .mta_sts = true, .state = folder_.string()};
      policies_ = std::make_unique<runtime::PolicyStore>(std::make_shared<engine::Policy>(std::move(configuration)),
                                                         std::make_shared<Resolver>(zone_));
      advisor_ = std::make_unique<Advisor>(
          AdvisorSetup{.policies = *policies_,
                       .log = log_,
                       .network = network_,
                       .unix_time = [this] { return now_.load(); },
                       .trusted = [this] { return tls::TrustStore::of({authority_.certificate()}); },
                       .limits = limits_});
      advisor_->start();
    }
    return *advisor_;
  }
  // As another process that reads what this one has kept.
  void restart() {
    advisor().stop();
    advisor_.reset();
    network_ = std::make_shared<HeldNetwork>();
  }

  static Question question(Wish wish = {.dane = true, .mta_sts = true}) {
    return question_about("contoso.com", wish).value();
  }
  Advice settled(const Question& asked) {
    while (true) {
      if (auto advice = advisor().known(asked)) return *advice;
      auto answered = std::make_shared<std::promise<void>>();
      advisor().ask(asked, [answered] { answered->set_value(); });
      answered->get_future().wait();
    }
  }

  std::filesystem::path folder_;
  Made authority_{{.common_name = "Authority", .authority = true}};
  std::unique_ptr<Made> certificate_;
  std::shared_ptr<dns::testing::Zone> zone_ = std::make_shared<dns::testing::Zone>();
  std::shared_ptr<HeldNetwork> network_ = std::make_shared<HeldNetwork>();
  test::RecordingLog log_;
  std::atomic<std::int64_t> now_ = tls::testing::now;
  AdvisorLimits limits_{.lookups = 2, .fetches = 2};
  std::unique_ptr<runtime::PolicyStore> policies_;
  std::unique_ptr<Advisor> advisor_;
};

TEST_F(DeliveryAdvisorThreads, KnowsNothingBeforeItAskedAndThenDoesNotAskAgain) {
  EXPECT_FALSE(advisor().known(question()));
  EXPECT_EQ(settled(question()).policy, enforced);
  EXPECT_EQ(settled(question()).policy, enforced);
  EXPECT_EQ(network_->attempts, 1);
  EXPECT_EQ(advisor().policies(), 1U);
}

TEST_F(DeliveryAdvisorThreads, DoesNotEnforceWhatIsTestedAndKeepsARecordOfIt) {
  publish("testing");
  EXPECT_EQ(settled(question()).kind, Kind::nothing);
  EXPECT_EQ(advisor().policies(), 1U);
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("mode=testing")));
}

TEST_F(DeliveryAdvisorThreads, GoesWithoutAPolicyThatCannotBeHadAndDoesNotTryAtOnceAgain) {
  publish("enforce", 7 * day, "301 Moved");
  const Advice advice = settled(question());
  EXPECT_EQ(advice.kind, Kind::nothing);
  EXPECT_THAT(advice.why, HasSubstr("HTTP status 301"));
  publish("enforce");
  now_ += 299;
  EXPECT_EQ(settled(question()).kind, Kind::nothing);
  EXPECT_EQ(network_->attempts, 1);
  now_ += 1;
  EXPECT_EQ(settled(question()).policy, enforced);
}

TEST_F(DeliveryAdvisorThreads, BelievesNoWebServerWithTheCertificateOfAnother) {
  web().tls = session("elsewhere.contoso.com");
  EXPECT_EQ(settled(question()).kind, Kind::nothing);
  EXPECT_EQ(advisor().policies(), 0U);
}

TEST_F(DeliveryAdvisorThreads, AsksNoWebServerInOurOwnNetwork) {
  zone_ = std::make_shared<dns::testing::Zone>();
  zone_->txt("_mta-sts.contoso.com", "v=STSv1; id=1").address("mta-sts.contoso.com", "127.0.0.1");
  EXPECT_EQ(settled(question()).kind, Kind::nothing);
  EXPECT_EQ(network_->attempts, 0);
}

TEST_F(DeliveryAdvisorThreads, SeesAChangedIdWhenTheRecordMayHaveChanged) {
  EXPECT_EQ(settled(question()).policy, enforced);
  set_id("2");
  publish("none");
  now_ += 299;
  EXPECT_EQ(settled(question()).policy, enforced);
  now_ += 2;
  EXPECT_EQ(settled(question()).kind, Kind::nothing);
  EXPECT_EQ(network_->attempts, 2);
}

TEST_F(DeliveryAdvisorThreads, FollowsAPolicyThatIsGoneToItsEnd) {
  publish("enforce", day);
  EXPECT_EQ(settled(question()).policy, enforced);
  set_id("");
  for (const std::int64_t later : {301L, day - 1}) {
    now_ = tls::testing::now + later;
    EXPECT_EQ(settled(question()).policy, enforced) << later;
  }
  now_ = tls::testing::now + day;
  EXPECT_EQ(settled(question()).kind, Kind::nothing);
}

TEST_F(DeliveryAdvisorThreads, FollowsTheLastGoodPolicyWhileANewOneCannotBeHad) {
  EXPECT_EQ(settled(question()).policy, enforced);
  set_id("2");
  publish("none", day, "500 Broken");
  now_ += 301;
  EXPECT_EQ(settled(question()).policy, enforced);
}

TEST_F(DeliveryAdvisorThreads, ForgetsNothingOverARestart) {
  EXPECT_EQ(settled(question()).policy, enforced);
  restart();
  EXPECT_EQ(settled(question()).policy, enforced);
  EXPECT_EQ(network_->attempts, 0);
}

TEST_F(DeliveryAdvisorThreads, HasMailWaitAtFirstAndWithTheLastGoodPolicyNotAtAll) {
  limits_.patience = std::chrono::milliseconds(0);
  network_->held = true;
  auto answered = std::make_shared<std::promise<void>>();
  const auto ends = advisor().ask(question(), [answered] { answered->set_value(); });
  EXPECT_LE(ends, Advisor::Clock::now());
  EXPECT_EQ(advisor().at_last(question()).kind, Kind::wait);
  network_->released.set_value();
  answered->get_future().wait();
  EXPECT_EQ(settled(question()).policy, enforced);

  set_id("2");
  now_ += 301;
  network_->released = std::promise<void>();
  auto second = std::make_shared<std::promise<void>>();
  advisor().ask(question(), [second] { second->set_value(); });
  EXPECT_EQ(advisor().at_last(question()).policy, enforced);
  network_->released.set_value();
  second->get_future().wait();
}

TEST_F(DeliveryAdvisorThreads, AdvisesAllNextHopsOfAMessageTogether) {
  const Wish wish{.dane = true, .mta_sts = true};
  std::vector<Hop> hops = {{.name = "contoso.com", .wish = wish},
                           {.name = "fabrikam.com", .wish = wish},
                           {.name = "contoso.com", .wish = {}},
                           {.name = "relay", .wish = wish}};
  std::vector<Hop*> all;
  for (Hop& hop : hops) all.push_back(&hop);
  advise(all, advisor());
  EXPECT_EQ(answer_of(hops[0]), enforced);
  EXPECT_EQ(why_of(hops[0]), "the MTA-STS policy of contoso.com is enforced");
  EXPECT_EQ(to_json(hops[0])["by"], "mta-sts");
  ASSERT_TRUE(hops[1].advice);
  EXPECT_EQ(answer_of(hops[1]), "as the mail server has it");
  EXPECT_FALSE(hops[2].advice) << "nothing that it publishes counts";
  EXPECT_FALSE(hops[3].advice) << "a name of one label publishes nothing";
  EXPECT_EQ(network_->attempts, 1);
}

TEST_F(DeliveryAdvisorThreads, AdvisesNoLongerThanMailWouldWait) {
  limits_.patience = std::chrono::milliseconds(20);
  network_->held = true;
  Hop hop{.name = "contoso.com", .wish = {.mta_sts = true}};
  advise({&hop}, advisor());
  ASSERT_TRUE(hop.advice);
  EXPECT_EQ(hop.advice->kind, Kind::wait);
  EXPECT_EQ(answer_of(hop), "mail waits");
  network_->released.set_value();
}

TEST_F(DeliveryAdvisorThreads, PutsDaneBeforeThePolicy) {
  zone_->mx("contoso.com", 10, "mx.contoso.com").address("mx.contoso.com", "192.0.2.1");
  zone_->tlsa("_25._tcp.mx.contoso.com", {3, 1, 1, std::string(32, 'x')});
  for (const char* name : {"contoso.com", "mx.contoso.com", "_25._tcp.mx.contoso.com"}) zone_->signed_at(name);
  EXPECT_EQ(settled(question()).policy, "dane-only");
  EXPECT_EQ(network_->attempts, 0);
  // Who does not go by DANE goes by the policy.
  EXPECT_EQ(settled(question({.mta_sts = true})).policy, enforced);
}

TEST_F(DeliveryAdvisorThreads, HasMailWaitWhileDnsDoesNotTellAndNotForEverForARecord) {
  zone_ = std::make_shared<dns::testing::Zone>();
  zone_->error("_mta-sts.contoso.com");
  EXPECT_EQ(settled(question()).kind, Kind::wait);
  now_ += 901;
  EXPECT_EQ(settled(question()).kind, Kind::nothing);
  auto gone = std::make_shared<dns::testing::Zone>();
  gone->timeout("contoso.com", dns::Type::mx);
  zone_ = gone;
  now_ += 3601;
  EXPECT_EQ(settled(question()).kind, Kind::wait);
  now_ += 90'000;
  EXPECT_EQ(settled(question()).kind, Kind::wait);
}

TEST_F(DeliveryAdvisorThreads, CallsNobodyBackOnceItHasStopped) {
  network_->held = true;
  std::atomic<bool> called = false;
  advisor().ask(question(), [&called] { called = true; });
  advisor().stop();
  network_->released.set_value();
  advisor_.reset();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace connectord::delivery
