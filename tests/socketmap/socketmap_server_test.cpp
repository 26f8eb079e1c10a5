#include "connectord/socketmap/socketmap_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "connectord/delivery/advisor.h"
#include "engine/outbound_builder.h"
#include "log/recording_log.h"
#include "socketmap/request.h"

namespace connectord::socketmap {
namespace {

using namespace engine::test;  // NOLINT: short forms of connectors
namespace asio = boost::asio;

constexpr const char* route = "OK smtp:[mx.contoso.com]";

class Client {
 public:
  Client(asio::io_context& context, const std::string& path) : socket_(context) { socket_.connect(path); }

  void send(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }
  // The next answer; "closed" where the server hangs up instead.
  std::string read() {
    boost::system::error_code error;
    const std::size_t head = asio::read_until(socket_, asio::dynamic_buffer(buffer_), ':', error);
    if (error) return "closed";
    const std::size_t size = head + std::stoul(buffer_) + 1;
    if (buffer_.size() < size)
      asio::read(socket_, asio::dynamic_buffer(buffer_), asio::transfer_exactly(size - buffer_.size()));
    const std::string content = buffer_.substr(head, size - head - 1);
    buffer_.erase(0, size);
    return content;
  }
  std::string ask(const std::string& content) {
    send(to_netstring(content));
    return read();
  }

 private:
  asio::local::stream_protocol::socket socket_;
  std::string buffer_;
};

class SocketmapServerThreads : public testing::Test {
 protected:
  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / ("socketmap-" + std::to_string(::getpid()) + ".sock");
  runtime::PolicyStore policies_{
      engine::test::compile(site({outbound("a").to({"contoso.com"}).by({"[mx.contoso.com]"})}))};
  runtime::LiveSessions live_;
  test::RecordingLog log_;
  session::InFlight intake_;
  asio::io_context context_;
  std::optional<SocketmapServer> server_;

  void start(const SocketmapLimits& limits = {}) {
    net::Endpoint endpoint;
    endpoint.path = path_.string();
    auto listener = net::listen_on(endpoint, {});
    ASSERT_TRUE(listener) << listener.error();
    server_.emplace(std::move(*listener), runtime::Services{policies_, live_, log_}, intake_, limits);
    server_->start();
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove(path_);
  }
  Client client() { return {context_, path_.string()}; }
};

TEST_F(SocketmapServerThreads, AnswerByTheConfigurationThatRunsAtThatMoment) {
  start();
  Client one = client();
  EXPECT_EQ(one.ask("transport a@contoso.com"), route);
  policies_.replace(engine::test::compile(site({})));
  EXPECT_EQ(one.ask("transport a@contoso.com"), "NOTFOUND ");
  intake_.close();
  EXPECT_EQ(one.ask("transport a@contoso.com"), "TEMP connectord is stopping");
}

TEST_F(SocketmapServerThreads, AnswerRequestsThatComeTogetherOrInPieces) {
  start();
  Client one = client();
  const std::string request = to_netstring("transport a@contoso.com");
  one.send(request + request + request.substr(0, 5));
  EXPECT_EQ(one.read(), route);
  EXPECT_EQ(one.read(), route);
  one.send(request.substr(5));
  EXPECT_EQ(one.read(), route);
  EXPECT_EQ(one.ask("nomap"), "PERM a request is the name of a map, a space, and a key");
}

TEST_F(SocketmapServerThreads, CloseAConnectionThatCannotBeReadAndNoOther) {
  start();
  Client bystander = client();
  EXPECT_EQ(bystander.ask("transport *"), "NOTFOUND ");
  for (const char* bytes : {"nonsense", "3:abcd", "99999999:"}) {
    Client bad = client();
    bad.send(bytes);
    EXPECT_EQ(bad.read(), "closed") << bytes;
  }
  EXPECT_EQ(bystander.ask("transport a@contoso.com"), route);
}

TEST_F(SocketmapServerThreads, WaitForTheRestOfARequestOnlySoLong) {
  start({.exchange_time = std::chrono::milliseconds(20)});
  Client slow = client();
  slow.send("23:trans");
  EXPECT_EQ(slow.read(), "closed");
}

TEST_F(SocketmapServerThreads, KeepNoMoreThanAllConnectionsMayTogether) {
  start({.waiting_bytes = 2000, .own_bytes = 100});
  Client one = client();
  one.send("4000:" + std::string(1500, 'x'));
  Client other = client();
  other.send("4000:" + std::string(1500, 'x'));
  EXPECT_EQ(other.read(), "closed");
  EXPECT_EQ(client().ask("transport a@contoso.com"), route);
}

TEST_F(SocketmapServerThreads, RefuseNobodyForWhatOthersKeep) {
  start({.waiting_bytes = 2000, .own_bytes = 100});
  Client bystander = client();
  Client greedy = client();
  greedy.send("4000:" + std::string(1995, 'x'));  // and not one byte is left
  Client other = client();
  other.send("4000:" + std::string(1000, 'x'));
  EXPECT_EQ(other.read(), "closed");
  EXPECT_EQ(bystander.ask("transport a@contoso.com"), route);
}

// Answers the one question that it is asked when the test says so.
class HeldResolver : public dns::Resolver {
 public:
  void resolve(const dns::Question&, const std::string&, Callback callback) override {
    callback_ = std::move(callback);
    asked.set_value();
  }
  void answer() { callback_(dns::answer_without_records(dns::Status::nodata)); }

  std::promise<void> asked;

 private:
  Callback callback_;
};

class SocketmapAdviceThreads : public SocketmapServerThreads {
 protected:
  std::shared_ptr<HeldResolver> resolver_ = std::make_shared<HeldResolver>();
  std::shared_ptr<delivery::Advisor> advisor_;

  void start_with_advisor(std::chrono::milliseconds patience) {
    auto made = site({outbound("a").to({"contoso.com"}).by({"[mx.contoso.com]"})});
    made.delivery.mta_sts = true;
    policies_.replace(engine::test::compile(std::move(made)), resolver_);
    advisor_ = std::make_shared<delivery::Advisor>(delivery::AdvisorSetup{
        .policies = policies_, .log = log_, .limits = {.lookups = 1, .fetches = 1, .patience = patience}});
    net::Endpoint endpoint;
    endpoint.path = path_.string();
    auto listener = net::listen_on(endpoint, {});
    ASSERT_TRUE(listener) << listener.error();
    server_.emplace(std::move(*listener),
                    runtime::Services{.policies = policies_, .live = live_, .log = log_, .advisor = advisor_}, intake_);
    server_->start();
  }
  void TearDown() override {
    advisor_->stop();
    SocketmapServerThreads::TearDown();
  }
};

TEST_F(SocketmapAdviceThreads, OneDestinationThatIsSlowKeepsNobodyElseWaitingAndAnswersStayInOrder) {
  start_with_advisor(std::chrono::minutes(1));
  Client slow = client();
  slow.send(to_netstring("tls-policy fabrikam.com") + to_netstring("transport a@contoso.com"));
  resolver_->asked.get_future().wait();
  EXPECT_EQ(client().ask("transport a@contoso.com"), route);
  resolver_->answer();
  EXPECT_EQ(slow.read(), "NOTFOUND ");
  EXPECT_EQ(slow.read(), route);
  EXPECT_EQ(slow.ask("tls-policy fabrikam.com"), "NOTFOUND ");
}

TEST_F(SocketmapAdviceThreads, MailWaitsWhereTheDestinationTakesLongerThanThePatience) {
  start_with_advisor(std::chrono::milliseconds(1));
  EXPECT_EQ(client().ask("tls-policy fabrikam.com"), "TEMP whether there is an MTA-STS policy is not known yet");
  resolver_->asked.get_future().wait();
  resolver_->answer();
}

}  // namespace
}  // namespace connectord::socketmap
