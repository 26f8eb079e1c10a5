#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_set>

#include "connectord/net/acceptor.h"

namespace connectord::net {

// One client of a StreamServer, on whose thread it lives.
class StreamConnection {
 public:
  virtual ~StreamConnection() = default;
  virtual void start() = 0;
  // Lets go of the socket, and tells the server to forget this.
  virtual void close() = 0;
};

// Serves the connections of one listening socket, all on one thread of its own.
class StreamServer {
 public:
  struct Settings {
    std::size_t connections = 0;  // at most at a time
    std::function<std::shared_ptr<StreamConnection>(StreamSocket)> make;
    std::function<void(std::string_view why)> pausing;         // see Acceptor
    std::function<bool(const IpAddress& client)> admits = {};  // see Acceptor
  };

  StreamServer(FileDescriptor listener, Settings settings);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  void start();
  // Closes all connections and returns when the thread has ended. Does nothing before start().
  void stop();

  // For a connection that closes, on the thread.
  void forget(const std::shared_ptr<StreamConnection>& connection);

 private:
  Acceptor::Callbacks callbacks();

  Settings settings_;
  boost::asio::io_context context_{1};
  std::unordered_set<std::shared_ptr<StreamConnection>> connections_;
  Acceptor acceptor_;
  std::jthread thread_;
};

}  // namespace connectord::net
