#include "connectord/net/listener.h"

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

namespace connectord::net {
namespace {

constexpr mode_t nobody = 0777;  // a umask under which a new socket lets nobody in

std::string failure(const Endpoint& endpoint, std::string_view what, int error) {
  return endpoint.to_string() + ": " + std::string(what) + ": " + std::strerror(error);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

tl::expected<void, std::string> make_folder(const Endpoint& endpoint, const SocketRights& rights) {
  const std::filesystem::path folder = std::filesystem::path(endpoint.path).parent_path();
  std::error_code error;
  if (std::filesystem::exists(folder, error)) return {};
  if (::mkdir(folder.c_str(), 0750) != 0)
    return tl::unexpected(failure(endpoint, "cannot make " + folder.string(), errno));
  const uid_t owner = rights.owner.value_or(static_cast<uid_t>(-1));
  const gid_t group = rights.group.value_or(static_cast<gid_t>(-1));
  if (::chown(folder.c_str(), owner, group) != 0) {
    return tl::unexpected(failure(endpoint, "cannot give " + folder.string() + " to its owner", errno));
  }
  return {};
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

tl::expected<AddressList, std::string> addresses_of(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (failed != 0) return tl::unexpected(endpoint.to_string() + ": " + ::gai_strerror(failed));
  return AddressList(found, &::freeaddrinfo);
}

tl::expected<FileDescriptor, std::string> listen_unix(const Endpoint& endpoint, const SocketRights& rights) {
  if (auto ready = prepare(endpoint, rights); !ready) return tl::unexpected(ready.error());
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = unix_address(endpoint.path);
  {
    const Umask closed(nobody);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return tl::unexpected(failure(endpoint, "cannot listen", errno));
    }
  }
  if (::listen(fd.get(), SOMAXCONN) != 0) return tl::unexpected(failure(endpoint, "cannot listen", errno));
  if (auto set = apply_rights(endpoint, rights); !set) return tl::unexpected(set.error());
  return fd;
}

tl::expected<FileDescriptor, std::string> listen_inet(const Endpoint& endpoint) {
  const auto found = addresses_of(endpoint);
  if (!found) return tl::unexpected(found.error());
  const addrinfo& address = **found;
  FileDescriptor fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    return tl::unexpected(failure(endpoint, "cannot listen", errno));
  }
  set_no_delay(fd.get());
  return fd;
}

// A full queue of connections (EAGAIN) and one under way (EINPROGRESS) also mean that somebody listens.
bool connects(int family, const sockaddr* address, socklen_t size) {
  const FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(fd.get(), address, size) == 0 || errno == EAGAIN || errno == EINPROGRESS;
}

// Calls back with each open socket of this process that is bound to that port.
template <class Visit>
void visit_sockets_on(std::uint16_t port, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (fd < 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    if (port_of(reinterpret_cast<const sockaddr*>(&address)) == port) visit(fd);
  }
}

bool is_listening(int fd) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() {
  return std::exchange(fd_, -1);
}

tl::expected<void, std::string> prepare(const Endpoint& endpoint, const SocketRights& rights) {
  if (endpoint.kind != Endpoint::Kind::unix_socket) return {};
  if (auto made = make_folder(endpoint, rights); !made) return made;
  struct stat status {};
  if (::lstat(endpoint.path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return tl::unexpected(failure(endpoint, "cannot look at it", errno));
  }
  if (!S_ISSOCK(status.st_mode)) {
    return tl::unexpected(endpoint.to_string() + ": a file that is no socket stands there; move it away");
  }
  // A socket file outlives its process; only a connection tells whether somebody listens.
  if (knock(endpoint)) {
    return tl::unexpected(endpoint.to_string() + ": another process answers there; is connectord running already?");
  }
  if (::unlink(endpoint.path.c_str()) != 0) {
    return tl::unexpected(failure(endpoint, "cannot remove the stale socket", errno));
  }
  return {};
}

tl::expected<void, std::string> apply_rights(const Endpoint& endpoint, const SocketRights& rights) {
  if (endpoint.kind != Endpoint::Kind::unix_socket) return {};
  const uid_t owner = rights.owner.value_or(static_cast<uid_t>(-1));
  const gid_t group = rights.group.value_or(static_cast<gid_t>(-1));
  if (::lchown(endpoint.path.c_str(), owner, group) != 0) {
    return tl::unexpected(failure(endpoint, "cannot set owner and group", errno));
  }
  if (::chmod(endpoint.path.c_str(), rights.mode) != 0) {
    return tl::unexpected(failure(endpoint, "cannot set the mode", errno));
  }
  return {};
}

void set_no_delay(int listening_fd) {
  const int on = 1;
  ::setsockopt(listening_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::optional<int> find_listening_socket(std::uint16_t port) {
  std::optional<int> found;
  visit_sockets_on(port, [&found](int fd) {
    if (is_listening(fd)) found = fd;
  });
  return found;
}

void hang_up_on(std::uint16_t port, const std::function<bool(const IpAddress& client)>& admits) {
  visit_sockets_on(port, [&admits](int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
    const auto client = IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&address));
    if (client && !admits(*client)) ::shutdown(fd, SHUT_RDWR);
  });
}

void remove(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::unix_socket) ::unlink(endpoint.path.c_str());
}

bool knock(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::unix_socket) {
    const sockaddr_un address = unix_address(endpoint.path);
    return connects(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  const auto found = addresses_of(endpoint);
  return found && connects((*found)->ai_family, (*found)->ai_addr, (*found)->ai_addrlen);
}

tl::expected<FileDescriptor, std::string> listen_on(const Endpoint& endpoint, const SocketRights& rights) {
  if (endpoint.kind == Endpoint::Kind::unix_socket) return listen_unix(endpoint, rights);
  return listen_inet(endpoint);
}

}  // namespace connectord::net
