#include "connectord/net/connection_table.h"

#include <gtest/gtest.h>

#include <vector>

#include "connectord/net/stream_server.h"

namespace connectord::net {
namespace {

struct Client : StreamConnection {
  void start() override {}
  void close() override {}
  bool is_busy() const override { return busy; }
  bool busy = false;
};

SocketPeer at(const std::string& address) {
  return {IpAddress::parse(address), {}};
}
SocketPeer user(uid_t uid) {
  return {{}, uid};
}

class ConnectionTableTest : public testing::Test {
 protected:
  ConnectionTable table_{20};

  // As a server does it. nullptr where it was not let in.
  std::shared_ptr<Client> open(const SocketPeer& peer) {
    const auto admission = table_.admit(peer);
    if (!admission.admitted) return nullptr;
    if (admission.gives_way) table_.remove(*admission.gives_way);
    auto client = std::make_shared<Client>();
    table_.add(peer, client);
    return client;
  }
  std::vector<std::shared_ptr<Client>> open(const SocketPeer& peer, int count) {
    std::vector<std::shared_ptr<Client>> clients;
    for (int i = 0; i < count; ++i) clients.push_back(open(peer));
    return clients;
  }
  bool has(const std::shared_ptr<Client>& client) const { return client.use_count() > 1; }
  static int held(const std::vector<std::shared_ptr<Client>>& clients) {
    int count = 0;
    for (const auto& client : clients) count += client.use_count() > 1 ? 1 : 0;
    return count;
  }
};

TEST_F(ConnectionTableTest, GivesOnePeerHalfAndThenItsOwnOldestOneGoes) {
  const auto clients = open(at("192.0.2.1"), 12);
  EXPECT_EQ(held(clients), 10);
  EXPECT_FALSE(has(clients[0]) || has(clients[1]));
  EXPECT_TRUE(has(open(at("192.0.2.2"))));
  EXPECT_EQ(table_.size(), 11U);
}

TEST_F(ConnectionTableTest, LetsTheOneGoThatHasWaitedLongestForARequest) {
  const auto clients = open(at("192.0.2.1"), 10);
  table_.used(*clients[0]);
  clients[1]->busy = true;
  EXPECT_TRUE(has(open(at("192.0.2.1"))));
  EXPECT_TRUE(has(clients[0]) && has(clients[1]));
  EXPECT_FALSE(has(clients[2]));
}

TEST_F(ConnectionTableTest, InterruptsNoRequestThatIsBeingAnswered) {
  for (const auto& client : open(at("192.0.2.1"), 10)) client->busy = true;
  EXPECT_EQ(open(at("192.0.2.1")), nullptr);
  EXPECT_TRUE(has(open(at("192.0.2.2"))));
}

TEST_F(ConnectionTableTest, TakesFromThePeerThatHasMostWhereAllAreTaken) {
  const auto many = open(at("192.0.2.1"), 10);
  const auto some = open(at("192.0.2.2"), 8);
  const auto more = open(at("192.0.2.3"), 6);
  EXPECT_EQ(held(some), 6);
  EXPECT_EQ(held(more), 6);
  EXPECT_EQ(held(many), 6);
  EXPECT_EQ(table_.size(), 18U) << "a tenth is kept";
}

TEST_F(ConnectionTableTest, KeepsATenthForRoot) {
  open(user(1000), 10);
  const auto others = open(user(1001), 8);
  EXPECT_EQ(table_.size(), 18U);
  const auto root = open(user(0), 2);
  EXPECT_EQ(held(root), 2);
  EXPECT_EQ(table_.size(), 20U);
  EXPECT_EQ(held(others), 8);
  open(user(1002), 20);
  EXPECT_EQ(held(root), 2);
  EXPECT_TRUE(has(open(user(0)))) << "also where its part is taken";
}

TEST_F(ConnectionTableTest, KeepsATenthForThisMachineToo) {
  open(at("192.0.2.1"), 10);
  open(at("192.0.2.2"), 10);
  EXPECT_EQ(table_.size(), 18U);
  EXPECT_EQ(held(open(at("127.0.0.1"), 2)), 2);
  EXPECT_EQ(table_.size(), 20U);
}

TEST_F(ConnectionTableTest, CountsAMachineOrASiteAsOnePeerWhateverAddressItTakes) {
  EXPECT_EQ(counted_as(at("127.0.0.1")), counted_as(at("127.9.9.9")));
  EXPECT_EQ(counted_as(at("127.0.0.1")), counted_as(at("::1")));
  EXPECT_EQ(counted_as(at("2001:db8::1")), "2001:db8::/64");
  EXPECT_EQ(counted_as(at("2001:db8::1")), counted_as(at("2001:db8::ffff:0:0:2")));
  EXPECT_NE(counted_as(at("2001:db8::1")), counted_as(at("2001:db8:0:1::1")));
  EXPECT_NE(counted_as(at("192.0.2.1")), counted_as(at("192.0.2.2")));
  EXPECT_NE(counted_as(user(0)), counted_as(user(1)));
  EXPECT_EQ(counted_as({}), "an unknown peer");
}

TEST_F(ConnectionTableTest, ForgetsWhatIsRemoved) {
  const auto client = open(at("192.0.2.1"));
  EXPECT_EQ(table_.any(), client);
  table_.remove(*client);
  table_.remove(*client);
  table_.used(*client);
  EXPECT_EQ(table_.size(), 0U);
  EXPECT_EQ(table_.any(), nullptr);
}

}  // namespace
}  // namespace connectord::net
