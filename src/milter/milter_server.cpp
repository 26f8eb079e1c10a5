#include "connectord/milter/milter_server.h"

#include <dirent.h>
#include <libmilter/mfapi.h>
#include <sys/socket.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <thread>
#include <utility>

#include "connection.h"

namespace connectord::milter {
namespace {

// libmilter's notation puts the port first.
std::string libmilter_address(const net::Endpoint& endpoint) {
  if (endpoint.kind == net::Endpoint::Kind::unix_socket) return "unix:" + endpoint.path;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "inet6:" : "inet:") + std::to_string(endpoint.port) + "@" +
         (v6 ? "[" + endpoint.host + "]" : endpoint.host);
}

bool is_listening_on(int fd, std::uint16_t port) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0) return false;
  sockaddr_storage address{};
  size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  return net::port_of(reinterpret_cast<const sockaddr*>(&address)) == port;
}

// libmilter keeps its listening socket to itself, so it is looked for among the open ones.
void set_no_delay_on_port(std::uint16_t port) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    if (fd >= 0 && is_listening_on(fd, port)) net::set_no_delay(fd);
  }
}

}  // namespace

MilterServer::MilterServer(const session::Services& services, session::Intake& intake)
    : shared_(std::make_unique<Shared>(Shared{services, intake})) {}

MilterServer::~MilterServer() = default;

tl::expected<void, std::string> MilterServer::open(const net::Endpoint& endpoint, const net::SocketRights& rights) {
  std::string address = libmilter_address(endpoint);
  if (smfi_register(describe_filter(*shared_)) != MI_SUCCESS || smfi_setconn(address.data()) != MI_SUCCESS) {
    return tl::unexpected(endpoint.to_string() + ": libmilter does not take this listener");
  }
  const auto open_socket = [&endpoint]() -> tl::expected<void, std::string> {
    if (smfi_opensocket(false) == MI_SUCCESS) return {};
    return tl::unexpected(endpoint.to_string() + ": libmilter cannot listen; is the address in use, or not ours?");
  };
  if (endpoint.kind == net::Endpoint::Kind::unix_socket) return net::bind_unix(endpoint, rights, open_socket);
  auto opened = open_socket();
  if (opened) set_no_delay_on_port(endpoint.port);
  return opened;
}

void MilterServer::start(std::function<void()> on_end) {
  std::thread([on_end = std::move(on_end)] {
    // Signals are the main thread's.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    smfi_main();
    on_end();
  }).detach();
}

}  // namespace connectord::milter
