#include "connectord/net/listener.h"

#include <dirent.h>
#include <fcntl.h>
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

#include "connectord/base/acting_as.h"
#include "connectord/net/abstract_socket.h"
#include "read_only.h"

namespace connectord::net {
namespace {

using Expected = tl::expected<void, std::string>;

std::string failure(const Endpoint& endpoint, std::string_view what, int error) {
  return endpoint.to_string() + ": " + std::string(what) + ": " + std::strerror(error);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Whose rights a socket is made with where its folder is not root's alone. What it makes belongs to the socket's group.
base::Account maker_of(const SocketRights& rights) {
  base::Account maker = rights.owner.value_or(base::Account{"root", 0, ::getegid()});
  if (rights.owner) maker.groups.push_back(maker.gid);
  maker.gid = rights.group.value_or(maker.gid);
  return maker;
}

// Of what root has made where nobody else can put another file into its place.
bool give(const std::string& path, const SocketRights& rights) {
  const uid_t owner = rights.owner ? rights.owner->uid : static_cast<uid_t>(-1);
  const gid_t group = rights.group.value_or(static_cast<gid_t>(-1));
  return ::lchown(path.c_str(), owner, group) == 0;
}

// With the owner's rights, where the folder hands down a group of its own.
bool take_group(const std::string& path, const SocketRights& rights) {
  return !rights.group || ::lchown(path.c_str(), static_cast<uid_t>(-1), *rights.group) == 0;
}

Expected not_made(const Endpoint& endpoint, const std::string& what, const std::string& in_folder, int error) {
  return tl::unexpected(failure(endpoint, "cannot make " + what, error) + way_out(error, in_folder));
}

// libmilter does not say why it cannot bind.
Expected check_writable(const Endpoint& endpoint, const std::string& folder) {
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) == 0) return {};
  return not_made(endpoint, "a socket in " + folder, folder, errno);
}

Expected make_folder(const Endpoint& endpoint, const SocketRights& rights) {
  const std::string folder = folder_of(endpoint.path);
  std::error_code error;
  if (std::filesystem::exists(folder, error)) return {};
  return with_rights_for(folder_of(folder), maker_of(rights), [&](bool as_root) -> Expected {
    if (::mkdir(folder.c_str(), 0750) != 0) return not_made(endpoint, folder, folder_of(folder), errno);
    if (!as_root || give(folder, rights)) return {};
    return tl::unexpected(failure(endpoint, "cannot give " + folder + " to its owner", errno));
  });
}

Expected make_way(const Endpoint& endpoint) {
  struct stat status {};
  if (::lstat(endpoint.path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return tl::unexpected(failure(endpoint, "cannot look at it", errno));
  }
  if (!S_ISSOCK(status.st_mode)) {
    return tl::unexpected(endpoint.to_string() + ": a file that is no socket stands there; move it away");
  }
  // A socket file outlives its process; only a connection shows whether somebody listens.
  if (knock(endpoint)) {
    return tl::unexpected(endpoint.to_string() + ": another process answers there; is connectord running already?");
  }
  if (::unlink(endpoint.path.c_str()) != 0) {
    return tl::unexpected(failure(endpoint, "cannot remove the stale socket", errno));
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

tl::expected<base::FileDescriptor, std::string> listen_unix(const Endpoint& endpoint, const SocketRights& rights) {
  base::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto bound = bind_unix(endpoint, rights, [&]() -> Expected {
    const sockaddr_un address = unix_address(endpoint.path);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
    return tl::unexpected(failure(endpoint, "cannot listen", errno));
  });
  if (!bound) return tl::unexpected(bound.error());
  if (::listen(fd.get(), SOMAXCONN) != 0) return tl::unexpected(failure(endpoint, "cannot listen", errno));
  return fd;
}

tl::expected<base::FileDescriptor, std::string> listen_inet(const Endpoint& endpoint) {
  const auto found = addresses_of(endpoint);
  if (!found) return tl::unexpected(found.error());
  const addrinfo& address = **found;
  base::FileDescriptor fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
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
  const base::FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(fd.get(), address, size) == 0 || errno == EAGAIN || errno == EINPROGRESS;
}

tl::expected<base::FileDescriptor, int> connected(int family, const sockaddr* address, socklen_t size,
                                                  std::chrono::milliseconds limit) {
  base::FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_time_limit(fd, limit);
  if (::connect(fd.get(), address, size) != 0) return tl::unexpected(errno);
  return fd;
}

// What `connect` returns for the address of this endpoint; std::nullopt if it has none.
template <class Connect>
auto with_address_of(const Endpoint& endpoint, Connect connect)
    -> std::optional<std::invoke_result_t<Connect, int, const sockaddr*, socklen_t>> {
  if (endpoint.kind == Endpoint::Kind::unix_socket) {
    const sockaddr_un address = unix_address(endpoint.path);
    return connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  const auto found = addresses_of(endpoint);
  if (!found) return std::nullopt;
  return connect((*found)->ai_family, (*found)->ai_addr, (*found)->ai_addrlen);
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

tl::expected<void, std::string> bind_unix(const Endpoint& endpoint, const SocketRights& rights,
                                          const std::function<tl::expected<void, std::string>()>& bind) {
  if (auto made = make_folder(endpoint, rights); !made) return made;
  const std::string folder = folder_of(endpoint.path);
  return with_rights_for(folder, maker_of(rights), [&](bool as_root) -> Expected {
    if (auto writable = check_writable(endpoint, folder); !writable) return writable;
    if (auto free = make_way(endpoint); !free) return free;
    // As it is made, so that there is no moment in which it lets in others, nor a second step that takes it by its
    // name.
    const Umask exact(~rights.mode & 0777);
    if (auto bound = bind(); !bound) return bound;
    if (as_root ? give(endpoint.path, rights) : base::has_roots_rights() || take_group(endpoint.path, rights))
      return {};
    return tl::unexpected(failure(endpoint, "cannot set owner and group", errno));
  });
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
  return with_address_of(endpoint, connects).value_or(false);
}

tl::expected<base::FileDescriptor, int> connect_to(const Endpoint& endpoint, std::chrono::milliseconds limit) {
  return with_address_of(endpoint, [limit](int family, const sockaddr* address,
                                           socklen_t size) { return connected(family, address, size, limit); })
      .value_or(tl::unexpected(EADDRNOTAVAIL));
}

std::optional<std::string> missing_place_of(const Endpoint& endpoint) {
  if (endpoint.kind == Endpoint::Kind::inet) return std::nullopt;
  const std::string place = folder_of(folder_of(endpoint.path));
  std::error_code error;
  const bool is_missing = std::filesystem::status(place, error).type() == std::filesystem::file_type::not_found;
  return is_missing ? std::optional(place) : std::nullopt;
}

tl::expected<base::FileDescriptor, std::string> listen_on(const Endpoint& endpoint, const SocketRights& rights) {
  if (endpoint.kind == Endpoint::Kind::unix_socket) return listen_unix(endpoint, rights);
  return listen_inet(endpoint);
}

}  // namespace connectord::net
