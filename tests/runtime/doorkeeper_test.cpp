#include "connectord/runtime/doorkeeper.h"

#include <gtest/gtest.h>

#include "engine/builder.h"
#include "log/recording_log.h"

namespace connectord::runtime {
namespace {

TEST(Doorkeeper, AsksTheConfigurationThatRunsAndTellsOnceAMinuteWhomItKeptOut) {
  PolicyStore policies(engine::test::compile(engine::test::configuration({})));
  LiveSessions live;
  test::RecordingLog log;
  std::int64_t now = 1'000'000;
  const Services services{policies, live, log, [&now] { return now; }};
  Doorkeeper keeper(services, engine::Service::milter, "milter");
  const auto stranger = net::IpAddress::parse("192.0.2.1").value();
  EXPECT_TRUE(keeper.admits(net::IpAddress::parse("127.0.0.1").value()));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(keeper.admits(stranger));
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_EQ(log.lines()[0],
            "milter: warning: a client may not connect: server.inet_clients does not name it, client=192.0.2.1");
  now += 60;
  EXPECT_FALSE(keeper.admits(stranger));
  EXPECT_EQ(log.lines().size(), 2U);

  auto named = engine::test::configuration({});
  named.server.inet_clients = engine::test::networks({"192.0.2.1"});
  policies.replace(engine::test::compile(std::move(named)));
  EXPECT_TRUE(keeper.admits(stranger));
}

}  // namespace
}  // namespace connectord::runtime
