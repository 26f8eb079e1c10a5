#include "milter/negotiation.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>

#include "connectord/net/listener.h"

namespace connectord::milter {
namespace {

using namespace std::string_view_literals;

// A milter that has one word for a mail server.
class NegotiationTest : public testing::Test {
 protected:
  void SetUp() override {
    endpoint_.path = path_.string();
    auto listener = net::listen_on(endpoint_, {});
    ASSERT_TRUE(listener) << listener.error();
    listener_ = std::move(*listener);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  bool negotiates_with(std::string_view answer, std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    const std::jthread milter([this, answer] {
      const base::FileDescriptor connection = accept_one();
      std::array<char, 17> offer{};
      ::recv(connection.get(), offer.data(), offer.size(), MSG_WAITALL);
      offered_.assign(offer.data(), offer.size());
      ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      std::array<char, 64> rest{};
      const auto received = ::recv(connection.get(), rest.data(), rest.size(), MSG_WAITALL);
      goodbye_.assign(rest.data(), static_cast<std::size_t>(std::max<ssize_t>(received, 0)));
    });
    return negotiates(endpoint_, limit);
  }

  std::string offered_;
  std::string goodbye_;
  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / ("negotiation-" + std::to_string(::getpid()) + ".sock");
  net::Endpoint endpoint_;

 private:
  base::FileDescriptor accept_one() const {
    for (;;) {
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) return base::FileDescriptor(fd);
      std::this_thread::yield();
    }
  }

  base::FileDescriptor listener_;
};

TEST_F(NegotiationTest, OffersEverythingAndSaysGoodbyeToAMilterThatAnswers) {
  EXPECT_TRUE(negotiates_with("\0\0\0\x0dO\0\0\0\6\0\0\0\x30\0\0\0\0"sv));
  EXPECT_EQ(offered_, "\0\0\0\x0dO\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"sv);
  EXPECT_EQ(goodbye_, "\0\0\0\1Q"sv);
}

TEST_F(NegotiationTest, TakesNoOtherAnswerForOne) {
  EXPECT_FALSE(negotiates_with("\0\0\0\1r"sv));
}

TEST_F(NegotiationTest, WaitsNoLongerThanItsLimitForOneThatIsSilent) {
  EXPECT_FALSE(negotiates_with("", std::chrono::milliseconds(10)));
}

TEST_F(NegotiationTest, FindsNoMilterWhereNobodyListens) {
  std::filesystem::remove(path_);
  EXPECT_FALSE(negotiates(endpoint_, std::chrono::seconds(30)));
}

}  // namespace
}  // namespace connectord::milter
