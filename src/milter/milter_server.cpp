#include "connectord/milter/milter_server.h"

#include <libmilter/mfapi.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <thread>
#include <utility>

#include "connection.h"
#include "connectord/runtime/doorkeeper.h"
#include "negotiation.h"

namespace connectord::milter {
namespace {

// libmilter closes a connection on which a larger packet comes, which defers the message for ever: by itself beyond 64
// KiB, while Postfix sends a header field of 100 KiB whole (header_size_limit, postconf(5)).
constexpr std::size_t max_packet_size = std::size_t{1} << 20U;

// libmilter's notation puts the port first.
std::string libmilter_address(const net::Endpoint& endpoint) {
  if (endpoint.kind == net::Endpoint::Kind::unix_socket) return "unix:" + endpoint.path;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "inet6:" : "inet:") + std::to_string(endpoint.port) + "@" +
         (v6 ? "[" + endpoint.host + "]" : endpoint.host);
}

// Whom libmilter takes connections from over inet:, and on which socket. libmilter asks nobody, and lets no callback
// know who is at the other end.
struct Entrance {
  runtime::Doorkeeper doorkeeper;
  int listener;
  std::atomic<bool> guarded = false;  // a connection came this way
};
std::atomic<Entrance*> entrance = nullptr;  // NOLINT: libmilter's state is global, and so is what belongs to it

bool is_admitted(Entrance& through, const sockaddr* address) {
  through.guarded = true;
  const auto client = net::IpAddress::from_sockaddr(address);
  return client && through.doorkeeper.admits(*client);
}

bool is_any(const net::IpAddress& address) {
  return address == *net::IpAddress::parse("0.0.0.0") || address == *net::IpAddress::parse("::");
}

}  // namespace

bool came_in_unguarded() {
  const Entrance* const through = entrance.load();
  return through != nullptr && !through->guarded;
}

MilterServer::MilterServer(const runtime::Services& services, session::InFlight& intake)
    : shared_(std::make_unique<Shared>(Shared{services, intake})) {}

MilterServer::~MilterServer() = default;

tl::expected<void, std::string> MilterServer::open(const net::Endpoint& endpoint, const net::SocketRights& rights) {
  endpoint_ = endpoint;
  std::string address = libmilter_address(endpoint);
  smfi_setmaxdatasize(max_packet_size);
  if (smfi_register(describe_filter(*shared_)) != MI_SUCCESS || smfi_setconn(address.data()) != MI_SUCCESS) {
    return tl::unexpected(endpoint.to_string() + ": libmilter does not take this listener");
  }
  const auto open_socket = [&endpoint]() -> tl::expected<void, std::string> {
    if (smfi_opensocket(false) == MI_SUCCESS) return {};
    return tl::unexpected(endpoint.to_string() + ": libmilter cannot listen; is the address in use, or not ours?");
  };
  if (endpoint.kind == net::Endpoint::Kind::unix_socket) return net::bind_unix(endpoint, rights, open_socket);
  return open_socket().and_then([&] { return guard(endpoint); });
}

// libmilter keeps its listening socket to itself, so it is looked for among the open ones.
tl::expected<void, std::string> MilterServer::guard(const net::Endpoint& endpoint) {
  const auto listener = net::find_listening_socket(endpoint.port);
  if (!listener) {
    return tl::unexpected(endpoint.to_string() +
                          ": libmilter's socket is not found (is /proc there?), so nobody could be kept out");
  }
  net::set_no_delay(*listener);
  static Entrance guarded{{shared_->services, engine::Service::milter, "milter"}, *listener};
  entrance = &guarded;
  return {};
}

void MilterServer::start(std::function<void()> on_end) {
  // libmilter never ends, and the process ends by _Exit, under this thread and libmilter's own.
  std::thread([on_end = std::move(on_end)] {
    // Signals are the main thread's.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    smfi_main();
    on_end();
  }).detach();
}

// A listener on all addresses is reached by the loopback interface, one on an address of this machine from that
// address.
bool MilterServer::responds(std::chrono::milliseconds limit) const {
  if (endpoint_.kind == net::Endpoint::Kind::inet) {
    const auto bound = net::IpAddress::parse(endpoint_.host);
    const auto client = bound && !is_any(*bound) ? bound : net::IpAddress::parse("127.0.0.1");
    if (!engine::may_connect(*shared_->services.policies.current().policy, engine::Service::milter, *client))
      return true;
  }
  return negotiates(endpoint_, limit);
}

}  // namespace connectord::milter

// libmilter's call, and everybody else's in the program: the program's own definition comes before the C library's for
// every library that it is linked to. On libmilter's socket of inet: it takes only whom the configuration admits.
extern "C" int accept(int listener, sockaddr* address, socklen_t* size) {
  const int fd = ::accept4(listener, address, size, 0);
  auto* const through = connectord::milter::entrance.load();
  const bool is_ours = through != nullptr && through->listener == listener;
  if (fd < 0 || !is_ours || connectord::milter::is_admitted(*through, address)) return fd;
  ::close(fd);
  errno = EAGAIN;  // at which libmilter waits for the next one
  return -1;
}
