#include "connectord/net/abstract_socket.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace connectord::net {
namespace {

struct Address {
  sockaddr_un address{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// The NUL in front makes it abstract; the name ends with the address, not with a NUL.
Address abstract_address(const std::string& name) {
  Address result;
  result.address.sun_family = AF_UNIX;
  const std::size_t length = std::min(name.size(), sizeof result.address.sun_path - 1);
  name.copy(result.address.sun_path + 1, length);
  result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  return result;
}

base::FileDescriptor make_socket() {
  return base::FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

std::optional<ucred> credentials_of_peer(const base::FileDescriptor& connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

}  // namespace

tl::expected<base::FileDescriptor, std::string> listen_abstract(const std::string& name) {
  // Anybody may connect, and is sent away at once; these must not keep the ones that are let in waiting.
  constexpr int waiting = 128;
  base::FileDescriptor fd = make_socket();
  const Address address = abstract_address(name);
  if (::bind(fd.get(), address.get(), address.size) != 0 || ::listen(fd.get(), waiting) != 0) {
    return tl::unexpected(std::string(std::strerror(errno)));
  }
  return fd;
}

tl::expected<base::FileDescriptor, int> connect_abstract(const std::string& name, std::chrono::milliseconds limit) {
  base::FileDescriptor fd = make_socket();
  set_time_limit(fd, limit);
  const Address address = abstract_address(name);
  if (::connect(fd.get(), address.get(), address.size) != 0) return tl::unexpected(errno);
  return fd;
}

std::optional<uid_t> peer_uid(const base::FileDescriptor& connection) {
  const auto peer = credentials_of_peer(connection);
  return peer ? std::optional(peer->uid) : std::nullopt;
}

std::optional<pid_t> peer_pid(const base::FileDescriptor& connection) {
  const auto peer = credentials_of_peer(connection);
  return peer ? std::optional(peer->pid) : std::nullopt;
}

void set_time_limit(const base::FileDescriptor& connection, std::chrono::milliseconds limit) {
  constexpr int thousand = 1000;
  timeval time{};
  time.tv_sec = limit.count() / thousand;
  time.tv_usec = (limit.count() % thousand) * thousand;
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    ::setsockopt(connection.get(), SOL_SOCKET, option, &time, sizeof time);
  }
}

}  // namespace connectord::net
