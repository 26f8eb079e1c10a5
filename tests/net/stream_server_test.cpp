#include "connectord/net/stream_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <utility>

namespace connectord::net {
namespace {

class Idle : public StreamConnection {
 public:
  Idle(StreamSocket socket, StreamServer& server) : socket_(std::move(socket)), server_(server) {}
  void start() override {}
  void close() override { server_.forget(*this); }

 private:
  StreamSocket socket_;
  StreamServer& server_;
};

class StreamServerTest : public testing::Test {
 protected:
  void SetUp() override { endpoint_.path = path_.string(); }
  void TearDown() override { std::filesystem::remove(path_); }

  // Calls back on its thread with each connection that comes.
  bool make_server(std::function<void()> on_connection) {
    auto listener = listen_on(endpoint_, {});
    if (!listener) return false;
    const auto make = [this, on_connection = std::move(on_connection)](StreamSocket socket) {
      on_connection();
      return std::make_shared<Idle>(std::move(socket), *server_);
    };
    server_ = std::make_unique<StreamServer>(
        std::move(*listener),
        StreamServer::Settings{.connections = 10, .make = make, .complain = [](std::string_view) {}});
    return true;
  }

  static constexpr std::chrono::seconds long_enough{30};
  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / ("stream-server-" + std::to_string(::getpid()) + ".sock");
  Endpoint endpoint_;
  std::unique_ptr<StreamServer> server_;
};

TEST_F(StreamServerTest, RespondsWhileItServes) {
  ASSERT_TRUE(make_server([] {}));
  EXPECT_FALSE(server_->responds(std::chrono::milliseconds(0)));
  server_->start();
  EXPECT_TRUE(server_->responds(long_enough));
}

TEST_F(StreamServerTest, DoesNotRespondWhileItsThreadHangsInAConnection) {
  std::latch hangs(1);
  std::latch go_on(1);
  ASSERT_TRUE(make_server([&] {
    hangs.count_down();
    go_on.wait();
  }));
  server_->start();
  const auto client = connect_to(endpoint_, long_enough);
  ASSERT_TRUE(client);
  hangs.wait();
  EXPECT_FALSE(server_->responds(std::chrono::milliseconds(1)));
  go_on.count_down();
  EXPECT_TRUE(server_->responds(long_enough));
  server_->stop();
}

}  // namespace
}  // namespace connectord::net
