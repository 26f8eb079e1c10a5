#include "connectord/net/listener.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

namespace connectord::net {
namespace {

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(0x7f000000U + host);
  address.sin_port = htons(port);
  return address;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A listening socket on a port that nobody else has, and connections to it from several addresses of the loopback.
class ListenerTest : public testing::Test {
 protected:
  base::FileDescriptor listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port_ = 0;

  void SetUp() override {
    const sockaddr_in any = loopback(1, 0);
    ASSERT_EQ(::bind(listener_.get(), generic(any), sizeof any), 0);
    ASSERT_EQ(::listen(listener_.get(), 5), 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    port_ = port_of(reinterpret_cast<const sockaddr*>(&bound));
  }

  // The client's end and the server's.
  std::pair<base::FileDescriptor, base::FileDescriptor> connect(std::uint32_t from) const {
    base::FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in source = loopback(from, 0);
    const sockaddr_in target = loopback(1, port_);
    EXPECT_EQ(::bind(client.get(), generic(source), sizeof source), 0);
    EXPECT_EQ(::connect(client.get(), generic(target), sizeof target), 0);
    base::FileDescriptor server(::accept(listener_.get(), nullptr, nullptr));
    EXPECT_GE(server.get(), 0);
    return {std::move(client), std::move(server)};
  }

  static bool is_open(const base::FileDescriptor& socket) {
    char byte = 0;
    return ::recv(socket.get(), &byte, 1, MSG_DONTWAIT) != 0;
  }
};

TEST_F(ListenerTest, FindsTheSocketThatListensAmongThoseOfItsPort) {
  const auto connection = connect(2);
  EXPECT_EQ(find_listening_socket(port_), listener_.get());
  listener_ = base::FileDescriptor();
  EXPECT_EQ(find_listening_socket(port_), std::nullopt);
}

TEST_F(ListenerTest, HangsUpOnThoseOnlyWhoAreNotAdmitted) {
  const auto wanted = connect(2);
  const auto unwanted = connect(3);
  hang_up_on(port_, [](const IpAddress& client) { return client.to_string() == "127.0.0.2"; });
  EXPECT_TRUE(is_open(wanted.first));
  EXPECT_FALSE(is_open(unwanted.first));
  const auto later = connect(3);
  EXPECT_TRUE(is_open(later.first)) << "the listening socket is nobody's connection";
}

// Of a unix socket at that path.
Endpoint unix_at(const std::filesystem::path& path) {
  Endpoint endpoint;
  endpoint.path = path.string();
  return endpoint;
}

TEST(MissingPlace, IsTheFolderAboveTheOneThatWouldBeMade) {
  const auto place = std::filesystem::path(testing::TempDir()) / ("no-place-" + std::to_string(::getpid()));
  EXPECT_EQ(missing_place_of(unix_at(place / "connectord" / "milter.sock")), place.string());
  EXPECT_EQ(missing_place_of(unix_at(place / "milter.sock")), std::nullopt);
  Endpoint inet;
  inet.kind = Endpoint::Kind::inet;
  inet.host = "127.0.0.1";
  inet.port = 8891;
  EXPECT_EQ(missing_place_of(inet), std::nullopt);
}

}  // namespace
}  // namespace connectord::net
