// Sockets that wait by poll(2), and TLS over them.
#include "connectord/smtp/network.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "connectord/net/listener.h"
#include "connectord/net/socket_address.h"
#include "tls_engine.h"

namespace connectord::smtp {
namespace {

using Expected = tl::expected<void, Failure>;

constexpr std::size_t piece = 16384;

Failure failure_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return {Failure::Kind::refused, "the connection is refused"};
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return {Failure::Kind::unreachable, std::strerror(error)};
    case ETIMEDOUT:
      return {Failure::Kind::timed_out, std::strerror(error)};
    case ECONNRESET:
    case EPIPE:
      return {Failure::Kind::closed, "the server closed the connection"};
    default:
      return {Failure::Kind::other, std::strerror(error)};
  }
}

// Becomes readable when all is to end.
class Interrupt {
 public:
  Interrupt() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  int fd() const { return fd_.get(); }
  void raise() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
  }

 private:
  base::FileDescriptor fd_;
};

Expected wait(int fd, short events, const Interrupt& interrupt, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return tl::unexpected(Failure{Failure::Kind::timed_out, "no answer within the time"});
    std::array<pollfd, 2> waiting = {{{fd, events, 0}, {interrupt.fd(), POLLIN, 0}}};
    const int ready =
        ::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready < 0 && errno != EINTR) return tl::unexpected(failure_of(errno));
    if (ready > 0 && waiting[1].revents != 0) return tl::unexpected(Failure{Failure::Kind::interrupted, "interrupted"});
    if (ready > 0 && waiting[0].revents != 0) return {};
  }
}

class Socket : public Connection {
 public:
  Socket(base::FileDescriptor fd, std::shared_ptr<const Interrupt> interrupt)
      : fd_(std::move(fd)), interrupt_(std::move(interrupt)) {}

  tl::expected<std::size_t, Failure> read(std::span<char> buffer, Deadline deadline) override {
    if (!tls_) return receive(buffer, deadline);
    std::size_t size = 0;
    if (auto done = drive([&] { return tls_->read(buffer, size); }, deadline); !done)
      return tl::unexpected(done.error());
    return size;
  }

  Expected write(std::string_view bytes, Deadline deadline) override {
    if (!tls_) return send(bytes, deadline);
    return drive([&] { return tls_->write(bytes); }, deadline);
  }

  tl::expected<TlsSession, Failure> start_tls(const TlsWish& wish, Deadline deadline) override {
    auto engine = TlsEngine::make(wish);
    if (!engine) return tl::unexpected(engine.error());
    tls_ = std::move(*engine);
    if (auto done = drive([this] { return tls_->handshake(); }, deadline); !done) return tl::unexpected(done.error());
    return tls_->session();
  }

 private:
  tl::expected<std::size_t, Failure> receive(std::span<char> buffer, Deadline deadline) {
    for (;;) {
      const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size > 0) return static_cast<std::size_t>(size);
      if (size == 0) return tl::unexpected(failure_of(ECONNRESET));
      if (errno != EAGAIN && errno != EINTR) return tl::unexpected(failure_of(errno));
      if (auto ready = wait(fd_.get(), POLLIN, *interrupt_, deadline); !ready) return tl::unexpected(ready.error());
    }
  }

  Expected send(std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(size));
        continue;
      }
      if (errno != EAGAIN && errno != EINTR) return tl::unexpected(failure_of(errno));
      if (auto ready = wait(fd_.get(), POLLOUT, *interrupt_, deadline); !ready) return ready;
    }
    return {};
  }

  // Repeats a step of TLS, with bytes to and from the wire, until it is done.
  template <class Operation>
  Expected drive(Operation operation, Deadline deadline) {
    std::array<char, piece> buffer{};
    for (;;) {
      const TlsEngine::State state = operation();
      // Also after a failure: an alert gives the server the reason.
      Expected sent = send(tls_->take_for_wire(), deadline);
      if (state == TlsEngine::State::failed) return tl::unexpected(tls_->failure());
      if (!sent) return sent;
      if (state == TlsEngine::State::done) return {};
      const auto size = receive(buffer, deadline);
      if (!size) return tl::unexpected(size.error());
      tls_->give({buffer.data(), *size});
    }
  }

  base::FileDescriptor fd_;
  std::shared_ptr<const Interrupt> interrupt_;
  std::unique_ptr<TlsEngine> tls_;
};

class SocketNetwork : public Network {
 public:
  tl::expected<std::unique_ptr<Connection>, Failure> connect(const net::IpAddress& address, std::uint16_t port,
                                                             const std::optional<net::IpAddress>& source,
                                                             Deadline deadline) override {
    const net::SocketAddress target = net::socket_address(address, port);
    base::FileDescriptor fd(::socket(target.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (fd.get() < 0) return tl::unexpected(failure_of(errno));
    if (source) {
      const net::SocketAddress from = net::socket_address(*source, 0);
      if (::bind(fd.get(), from.get(), from.size) != 0) return tl::unexpected(failure_of(errno));
    }
    net::set_no_delay(fd.get());
    if (::connect(fd.get(), target.get(), target.size) != 0) {
      if (errno != EINPROGRESS) return tl::unexpected(failure_of(errno));
      if (auto ready = wait(fd.get(), POLLOUT, *interrupt_, deadline); !ready) return tl::unexpected(ready.error());
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return tl::unexpected(failure_of(error));
    }
    return std::make_unique<Socket>(std::move(fd), interrupt_);
  }

  void interrupt() override { interrupt_->raise(); }

 private:
  std::shared_ptr<Interrupt> interrupt_ = std::make_shared<Interrupt>();
};

}  // namespace

std::unique_ptr<Network> make_network() {
  return std::make_unique<SocketNetwork>();
}

}  // namespace connectord::smtp
