#include "connectord/net/abstract_socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace connectord::net {
namespace {

std::string own_name(const std::string& suffix) {
  return "connectord-test-" + std::to_string(::getpid()) + suffix;
}

TEST(AbstractSocket, IsReachedByItsNameAloneAndTellsWhoTheOtherIs) {
  const auto listener = listen_abstract(own_name("-a"));
  ASSERT_TRUE(listener) << listener.error();
  const auto connection = connect_abstract(own_name("-a"), std::chrono::seconds(5));
  ASSERT_TRUE(connection);
  EXPECT_EQ(peer_uid(*connection), ::geteuid());
  EXPECT_FALSE(connect_abstract(own_name("-"), std::chrono::seconds(5)));
  EXPECT_FALSE(connect_abstract(own_name("-ab"), std::chrono::seconds(5)));
}

TEST(AbstractSocket, CannotBeTakenTwiceAndIsFreeWhenItIsClosed) {
  {
    const auto listener = listen_abstract(own_name("-b"));
    ASSERT_TRUE(listener) << listener.error();
    EXPECT_FALSE(listen_abstract(own_name("-b")));
  }
  EXPECT_FALSE(connect_abstract(own_name("-b"), std::chrono::seconds(5)));
  EXPECT_TRUE(listen_abstract(own_name("-b")));
}

}  // namespace
}  // namespace connectord::net
