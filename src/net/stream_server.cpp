#include "connectord/net/stream_server.h"

#include <boost/asio/post.hpp>
#include <future>
#include <utility>

namespace connectord::net {

StreamServer::StreamServer(base::FileDescriptor listener, Settings settings)
    : settings_(std::move(settings)),
      connections_(settings_.connections),
      acceptor_(context_, std::move(listener), callbacks()) {}

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
    while (const auto connection = connections_.any()) connection->close();
    context_.stop();
  });
  thread_.join();
}

bool StreamServer::responds(std::chrono::milliseconds limit) {
  // Of both sides, since the thread may come to it when nobody waits any more.
  const auto done = std::make_shared<std::promise<void>>();
  boost::asio::post(context_, [done] { done->set_value(); });
  return done->get_future().wait_for(limit) == std::future_status::ready;
}

Acceptor::Callbacks StreamServer::callbacks() {
  return {[this](StreamSocket socket) { serve(std::move(socket)); },
          [this](std::string_view why) { settings_.complain(why); }, settings_.admits};
}

void StreamServer::serve(StreamSocket socket) {
  const SocketPeer peer = peer_of(socket.native_handle());
  const ConnectionTable::Admission admission = connections_.admit(peer);
  if (!admission.admitted) return complain("too many connections: a new one of " + counted_as(peer) + " is closed");
  if (admission.gives_way) {
    complain("too many connections: an idle one gives way to a new one of " + counted_as(peer));
    admission.gives_way->close();
  }
  const auto connection = settings_.make(std::move(socket));
  connections_.add(peer, connection);
  connection->start();
}

// Whoever opens many connections must not fill the log.
void StreamServer::complain(std::string_view what) {
  constexpr std::chrono::seconds between{1};
  const auto now = std::chrono::steady_clock::now();
  if (complained_ && now - *complained_ < between) return;
  complained_ = now;
  settings_.complain(what);
}

}  // namespace connectord::net
