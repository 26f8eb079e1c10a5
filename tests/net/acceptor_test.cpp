#include "connectord/net/acceptor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace connectord::net {
namespace {

namespace asio = boost::asio;

// No file can be opened while it lives.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

class AcceptorTest : public testing::Test {
 protected:
  using Client = asio::local::stream_protocol::socket;

  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / ("acceptor-" + std::to_string(::getpid()) + ".sock");
  base::FileDescriptor listener_;
  asio::io_context context_{1};
  std::vector<StreamSocket> accepted_;
  std::vector<std::string> pauses_;
  std::unique_ptr<NoMoreFiles> no_more_files_;
  std::unique_ptr<Acceptor> acceptor_;

  void SetUp() override {
    Endpoint endpoint;
    endpoint.kind = Endpoint::Kind::unix_socket;
    endpoint.path = path_.string();
    auto listener = listen_on(endpoint, {});
    ASSERT_TRUE(listener) << listener.error();
    listener_ = std::move(*listener);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  void start(std::chrono::milliseconds pause = std::chrono::milliseconds(1)) {
    Acceptor::Callbacks callbacks{[this](StreamSocket socket) { accepted_.push_back(std::move(socket)); },
                                  [this](std::string_view why) {
                                    pauses_.emplace_back(why);
                                    no_more_files_.reset();
                                  }};
    acceptor_ = std::make_unique<Acceptor>(context_, std::move(listener_), std::move(callbacks), pause);
    acceptor_->start();
  }

  // Waits in the listening socket's queue until it is accepted.
  Client client() {
    Client socket(context_);
    socket.connect(path_.string());
    return socket;
  }

  // Lets the acceptor work until `condition` holds.
  template <typename Condition>
  void run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < deadline) context_.run_one_until(deadline);
    ASSERT_TRUE(condition());
  }
};

TEST_F(AcceptorTest, HandsOverEachConnection) {
  start();
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(client());
  run_until([this] { return accepted_.size() == 3; });
  for (std::size_t i = 0; i < clients.size(); ++i) {
    asio::write(clients[i], asio::buffer(std::to_string(i)));
    char said = 0;
    asio::read(accepted_[i], asio::buffer(&said, 1));
    EXPECT_EQ(std::string(1, said), std::to_string(i));
  }
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(AcceptorTest, KeepsAConnectionWaitingWhileNoFileCanBeOpened) {
  start();
  const Client waiting = client();
  no_more_files_ = std::make_unique<NoMoreFiles>();
  run_until([this] { return accepted_.size() == 1; });
  EXPECT_EQ(pauses_, std::vector<std::string>{"no more files can be opened"});
}

TEST_F(AcceptorTest, TakesNoConnectionOnceItIsStopped) {
  start();
  const Client late = client();
  acceptor_->stop();
  context_.run();
  EXPECT_TRUE(accepted_.empty());
}

TEST_F(AcceptorTest, LooksAtNoFurtherConnectionDuringAPause) {
  start(std::chrono::hours(1));
  const Client first = client();
  const Client second = client();
  no_more_files_ = std::make_unique<NoMoreFiles>();
  run_until([this] { return !pauses_.empty(); });
  context_.poll();
  EXPECT_EQ(pauses_.size(), 1U);
  EXPECT_TRUE(accepted_.empty());
}

TEST_F(AcceptorTest, CanBeStoppedWhileItPauses) {
  start();
  const Client one = client();
  no_more_files_ = std::make_unique<NoMoreFiles>();
  run_until([this] { return !pauses_.empty(); });
  acceptor_->stop();
  context_.run();
  EXPECT_EQ(pauses_.size(), 1U);
}

}  // namespace
}  // namespace connectord::net
