#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string_view>

#include "connectord/net/ip_address.h"
#include "connectord/net/listener.h"

namespace connectord::net {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

// Takes the connections of one listening socket as they come. Where no more can be taken, because files or memory are
// used up, it says why and pauses, so that it neither spins nor fills the log. Its callbacks run on the context's
// thread, and its functions must be called there or while the context does not run.
class Acceptor {
 public:
  struct Callbacks {
    std::function<void(StreamSocket)> accepted;
    std::function<void(std::string_view why)> pausing;
    // Asked about each client that has an address; who is not admitted is hung up on. Empty: everybody is.
    std::function<bool(const IpAddress& client)> admits{};
  };

  // The context must outlive it, and must not run any more when it goes.
  Acceptor(boost::asio::io_context& context, base::FileDescriptor listener, Callbacks callbacks,
           std::chrono::milliseconds pause = std::chrono::seconds(1));
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  void start();
  // Takes no further connection. The socket stays open as long as the Acceptor lives.
  void stop();

 private:
  void wait_for_connection();
  void accept_one();
  bool is_admitted(const sockaddr* address) const;
  void take(base::FileDescriptor fd, int family);
  void pause(std::string_view why);

  boost::asio::io_context& context_;
  Callbacks callbacks_;
  std::chrono::milliseconds pause_time_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;
  bool stopped_ = false;
};

}  // namespace connectord::net
