#include "connectord/net/stream_server.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace connectord::net {

StreamServer::StreamServer(FileDescriptor listener, Settings settings)
    : settings_(std::move(settings)), acceptor_(context_, std::move(listener), callbacks()) {}

StreamServer::~StreamServer() {
  stop();
}

void StreamServer::start() {
  acceptor_.start();
  thread_ = std::jthread([this] { context_.run(); });
}

void StreamServer::stop() {
  if (!thread_.joinable()) return;
  boost::asio::post(context_, [this] {
    acceptor_.stop();
    while (!connections_.empty()) {
      const auto connection = *connections_.begin();
      connection->close();
    }
    context_.stop();
  });
  thread_.join();
}

void StreamServer::forget(const std::shared_ptr<StreamConnection>& connection) {
  connections_.erase(connection);
}

Acceptor::Callbacks StreamServer::callbacks() {
  const auto serve = [this](StreamSocket socket) {
    const auto connection = settings_.make(std::move(socket));
    connections_.insert(connection);
    connection->start();
  };
  return {[this] { return connections_.size() >= settings_.connections; }, serve,
          [this](std::string_view why) { settings_.pausing(why); }, settings_.admits};
}

}  // namespace connectord::net
