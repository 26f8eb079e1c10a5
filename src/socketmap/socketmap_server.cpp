#include "connectord/socketmap/socketmap_server.h"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <utility>

#include "connectord/net/stream_server.h"
#include "connectord/runtime/doorkeeper.h"
#include "connectord/socketmap/maps.h"
#include "connectord/socketmap/request.h"

namespace connectord::socketmap {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t chunk_bytes = std::size_t{16} << 10;

// What the connections share; all of it belongs to the server's one thread.
struct Shared {
  runtime::Services services;
  const session::Intake& intake;
  SocketmapLimits limits;
  net::StreamServer* server;
  std::size_t waiting_bytes = 0;        // what all connections keep
  std::array<char, chunk_bytes> chunk;  // what was just read; a connection keeps only what it cannot answer yet
};

Answer answer_to(const Shared& shared, std::string_view content) {
  if (!shared.intake.open()) return {Answer::Status::temporary, "connectord is stopping"};
  const auto request = parse_request(content);
  if (!request) return {Answer::Status::permanent, "a request is the name of a map, a space, and a key"};
  shared.services.activity->socketmap_lookups.count(shared.services.unix_time());
  const metrics::Stopwatch stopwatch(shared.services.metrics->stages.with({"socketmap_lookup"}));
  return look_up(shared.services.policies.current(), request->map, request->key);
}

// One that is idle keeps no buffer, and one that does not take its answers is read no further.
class Connection : public net::StreamConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(net::StreamSocket socket, Shared& shared)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), shared_(shared) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }
  ~Connection() { count(0); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() override { wait(); }

  void close() override {
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    shared_.server->forget(*this);
  }

 private:
  void wait() {
    socket_.async_wait(net::StreamSocket::wait_read, [self = shared_from_this()](error_code error) {
      if (error) return self->close();
      self->read();
    });
  }

  void read() {
    error_code error;
    const std::size_t length = socket_.read_some(asio::buffer(shared_.chunk), error);
    if (would_block(error)) return wait();
    if (error) return close();
    const std::string_view chunk(shared_.chunk.data(), length);
    const bool was_waiting = !waiting_.empty();
    if (was_waiting) waiting_.append(chunk);
    const auto answered = answer(was_waiting ? std::string_view(waiting_) : chunk);
    if (!answered) return refuse(answered.error());
    if (was_waiting) {
      drop(waiting_, *answered);
    } else {
      waiting_ = chunk.substr(*answered);
    }
    if (!count(waiting_.size() + replies_.size())) return refuse("too much is under way on all connections together");
    if (!replies_.empty()) {
      shared_.server->used(*this);
      return reply();
    }
    // The time of a request begins with its first bytes, not anew with each further one.
    if (!was_waiting) limit_time("a request that does not end");
    wait();
  }

  // Answers the requests that have arrived whole, and says how many bytes they were.
  tl::expected<std::size_t, std::string> answer(std::string_view bytes) {
    const std::size_t all = bytes.size();
    for (;;) {
      const auto netstring = read_netstring(bytes, shared_.limits.request_bytes);
      if (!netstring) return tl::unexpected(netstring.error());
      if (!*netstring) return all - bytes.size();
      replies_ += to_netstring(to_string(answer_to(shared_, (*netstring)->content)));
      bytes.remove_prefix((*netstring)->size);
    }
  }

  void reply() {
    timer_.cancel();
    error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(replies_), error);
    if (error && !would_block(error)) return close();
    if (sent == replies_.size()) return replied();
    replies_.erase(0, sent);
    limit_time("answers that nobody takes");
    asio::async_write(socket_, asio::buffer(replies_), [self = shared_from_this()](error_code failed, std::size_t) {
      self->timer_.cancel();
      if (failed) return self->close();
      self->replied();
    });
  }

  void replied() {
    drop(replies_, replies_.size());
    count(waiting_.size());
    if (!waiting_.empty()) limit_time("a request that does not end");
    wait();
  }

  void limit_time(std::string_view what) {
    timer_.expires_after(shared_.limits.exchange_time);
    timer_.async_wait([self = shared_from_this(), what](error_code cancelled) {
      if (!cancelled) self->refuse(what);
    });
  }

  // Counts what this connection keeps. False if all connections together keep too much.
  bool count(std::size_t bytes) {
    shared_.waiting_bytes += bytes - std::exchange(counted_, bytes);
    return shared_.waiting_bytes <= shared_.limits.waiting_bytes;
  }

  // The mail server then asks again, over another connection, and defers the mail if it must.
  void refuse(std::string_view why) {
    shared_.services.log.warning("socketmap", "closing a connection", {{"error", std::string(why)}});
    close();
  }

  // An idle connection keeps no more than a usual answer takes.
  static void drop(std::string& text, std::size_t size) {
    constexpr std::size_t usual = 1024;
    text.erase(0, size);
    if (text.empty() && text.capacity() > usual) text.shrink_to_fit();
  }

  static bool would_block(error_code error) {
    return error == asio::error::would_block || error == asio::error::try_again;
  }

  net::StreamSocket socket_;
  asio::steady_timer timer_;
  Shared& shared_;
  std::string waiting_;  // the beginning of a request
  std::string replies_;
  std::size_t counted_ = 0;
};

}  // namespace

class SocketmapServer::Implementation {
 public:
  Implementation(base::FileDescriptor listener, const runtime::Services& services, const session::Intake& intake,
                 const SocketmapLimits& limits)
      : shared_{services, intake, limits, &server_, 0, {}}, server_(std::move(listener), settings()) {}

  net::StreamServer& server() { return server_; }

 private:
  net::StreamServer::Settings settings() {
    return {shared_.limits.connections,
            [this](net::StreamSocket socket) { return std::make_shared<Connection>(std::move(socket), shared_); },
            [this](std::string_view why) { shared_.services.log.error("socketmap", why, {}); },
            [this](const net::IpAddress& client) { return doorkeeper_.admits(client); }};
  }

  Shared shared_;
  runtime::Doorkeeper doorkeeper_{shared_.services, engine::Service::socketmap, "socketmap"};
  net::StreamServer server_;
};

SocketmapServer::SocketmapServer(base::FileDescriptor listener, const runtime::Services& services,
                                 const session::Intake& intake, const SocketmapLimits& limits)
    : implementation_(std::make_unique<Implementation>(std::move(listener), services, intake, limits)) {}

SocketmapServer::~SocketmapServer() {
  stop();
}

void SocketmapServer::start() {
  implementation_->server().start();
}

void SocketmapServer::stop() {
  implementation_->server().stop();
}

bool SocketmapServer::responds(std::chrono::milliseconds limit) {
  return implementation_->server().responds(limit);
}

}  // namespace connectord::socketmap
