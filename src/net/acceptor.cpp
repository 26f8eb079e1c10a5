#include "connectord/net/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace connectord::net {

using boost::system::error_code;

Acceptor::Acceptor(boost::asio::io_context& context, base::FileDescriptor listener, Callbacks callbacks,
                   std::chrono::milliseconds pause)
    : context_(context),
      callbacks_(std::move(callbacks)),
      pause_time_(pause),
      listener_(context, listener.release()),
      pause_(context) {}

void Acceptor::start() {
  wait_for_connection();
}

void Acceptor::stop() {
  stopped_ = true;
  error_code ignored;
  listener_.cancel(ignored);
  pause_.cancel();
}

void Acceptor::wait_for_connection() {
  listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    if (!error && !stopped_) accept_one();
  });
}

void Acceptor::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int fd =
      ::accept4(listener_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0) {
    base::FileDescriptor connection(fd);
    if (!is_admitted(reinterpret_cast<const sockaddr*>(&address))) return wait_for_connection();
    return take(std::move(connection), address.ss_family);
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
    return pause("no more files can be opened");
  wait_for_connection();
}

bool Acceptor::is_admitted(const sockaddr* address) const {
  const auto client = IpAddress::from_sockaddr(address);
  return !callbacks_.admits || !client || callbacks_.admits(*client);
}

void Acceptor::take(base::FileDescriptor fd, int family) {
  callbacks_.accepted(StreamSocket(context_, boost::asio::generic::stream_protocol(family, 0), fd.release()));
  if (!stopped_) wait_for_connection();
}

void Acceptor::pause(std::string_view why) {
  callbacks_.pausing(why);
  pause_.expires_after(pause_time_);
  pause_.async_wait([this](error_code error) {
    if (!error && !stopped_) wait_for_connection();
  });
}

}  // namespace connectord::net
