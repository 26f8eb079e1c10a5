#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "connectord/net/acceptor.h"
#include "connectord/net/connection_table.h"

namespace connectord::net {

// One client of a StreamServer, on whose thread it lives.
class StreamConnection {
 public:
  virtual ~StreamConnection() = default;
  virtual void start() = 0;
  // Lets go of the socket, and has the server forget this.
  virtual void close() = 0;
  // True while a request is being answered: such a connection gives way to nobody.
  virtual bool is_busy() const { return false; }
};

// Serves the connections of one listening socket, all on one thread of its own. Where they are too many,
// ConnectionTable says which one goes.
class StreamServer {
 public:
  struct Settings {
    std::size_t connections = 0;  // at most at a time
    std::function<std::shared_ptr<StreamConnection>(StreamSocket)> make;
    std::function<void(std::string_view what)> complain;       // of what keeps connections out, once a second at most
    std::function<bool(const IpAddress& client)> admits = {};  // see Acceptor
  };

  StreamServer(base::FileDescriptor listener, Settings settings);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  void start();
  // Closes all connections and returns when the thread has ended. Does nothing before start().
  void stop();
  // Whether the thread does what it is given within that time. Thread-safe; false before start() and after stop().
  bool responds(std::chrono::milliseconds limit);

  // For connections, on the thread: one that closes, and one that has made a request.
  void forget(const StreamConnection& connection) { connections_.remove(connection); }
  void used(const StreamConnection& connection) { connections_.used(connection); }

 private:
  Acceptor::Callbacks callbacks();
  void serve(StreamSocket socket);
  void complain(std::string_view what);

  Settings settings_;
  boost::asio::io_context context_{1};
  ConnectionTable connections_;
  std::optional<std::chrono::steady_clock::time_point> complained_;
  Acceptor acceptor_;
  std::jthread thread_;
};

}  // namespace connectord::net
