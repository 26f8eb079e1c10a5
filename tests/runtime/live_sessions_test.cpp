#include "connectord/runtime/live_sessions.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace connectord::runtime {
namespace {

TEST(LiveSessions, AreBoundedInNumber) {
  LiveSessions live(2);
  const ConnectionKey key_of_all{*net::IpAddress::parse("192.0.2.1"), 1};
  auto one = live.enter(key_of_all, 25);
  auto two = live.enter({key_of_all.client_address, 2}, 25);
  EXPECT_EQ(live.enter({key_of_all.client_address, 3}, 25), nullptr);
  one.reset();
  EXPECT_EQ(live.size(), 1U);
  EXPECT_NE(live.enter({key_of_all.client_address, 3}, 25), nullptr);
}

TEST(LiveSessions, TellNobodyWhereTwoSessionsCouldBeMeant) {
  LiveSessions live;
  const ConnectionKey connection{*net::IpAddress::parse("192.0.2.1"), 1};
  const auto smtp = live.enter(connection, 25);
  const auto submission = live.enter(connection, 587);
  EXPECT_FALSE(live.attach_policy_facts(connection, 0, {}));
  EXPECT_TRUE(live.attach_policy_facts(connection, 587, {}));
  EXPECT_EQ(smtp->policy_facts(), nullptr);
  EXPECT_NE(submission->policy_facts(), nullptr);
}

// As many milter sessions of one client address and port as threads. Whoever looks through them must not be the last to
// let go of another's session while the table is locked: that session leaves it then, and nothing goes on.
TEST(ThreadedLiveSessions, OfOneConnectionComeAndGoAtOnce) {
  LiveSessions live;
  const ConnectionKey connection{*net::IpAddress::parse("192.0.2.1"), 1};
  std::vector<std::jthread> threads;
  for (int n = 0; n < 8; ++n) {
    threads.emplace_back([&, n] {
      const auto port = static_cast<std::uint16_t>(n % 2 == 0 ? 25 : 587);
      for (int i = 0; i < 5'000; ++i) {
        const auto session = live.enter(connection, port);
        live.attach_policy_facts(connection, 587, {});
      }
    });
  }
  threads.clear();
  EXPECT_EQ(live.size(), 0U);
}

}  // namespace
}  // namespace connectord::runtime
