#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "connectord/api/http_server.h"
#include "connectord/net/stream_server.h"

namespace connectord::api {

// What the connections share; all of it but the pool belongs to the server's one thread.
struct HttpShared {
  HttpServer::Handler handler;
  HttpLimits limits;
  boost::asio::thread_pool pool;
  net::StreamServer* server;
};

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

// The parts of the translation that need no connection.
Peer peer_of(net::StreamSocket& socket);
// An answer for what is no request of ours, or nothing where all is well.
std::optional<Response> refuse_headers(const HttpParser::value_type& request);
Request to_request(HttpParser::value_type&& request, const Peer& peer);
HttpResponse to_http(Response&& response, unsigned version, bool keep_alive);
// The answer to what the parser could not take; nothing where the client is merely gone.
std::optional<Response> refusal_of(const boost::system::error_code& error);

inline net::StreamSocket& socket_of(net::StreamSocket& stream) {
  return stream;
}
inline net::StreamSocket& socket_of(boost::asio::ssl::stream<net::StreamSocket>& stream) {
  return stream.next_layer();
}

// One client. Stream is a socket, or TLS on one.
template <class Stream>
class HttpConnection : public net::StreamConnection, public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  HttpConnection(Stream stream, HttpShared& shared)
      : stream_(std::move(stream)),
        timer_(stream_.get_executor()),
        shared_(shared),
        peer_(peer_of(socket_of(stream_))) {}

  void start() override {
    limit(shared_.limits.request_time);
    const auto then = [self = this->shared_from_this()](error_code error) {
      if (error) return self->close();
      self->wait_for_request();
    };
    if constexpr (std::is_same_v<Stream, net::StreamSocket>) {
      then(error_code());
    } else {
      stream_.async_handshake(boost::asio::ssl::stream_base::server, then);
    }
  }

  void close() override {
    error_code ignored;
    timer_.cancel();
    socket_of(stream_).close(ignored);
    shared_.server->forget(*this);
  }
  bool is_busy() const override { return is_answering_; }

 private:
  using error_code = boost::system::error_code;

  // The socket is closed when the time is over, which ends whatever waits for it.
  void limit(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = this->shared_from_this()](error_code cancelled) {
      if (!cancelled) self->close();
    });
  }

  void wait_for_request() {
    parser_.emplace();
    parser_->header_limit(shared_.limits.header_bytes);
    parser_->body_limit(shared_.limits.body_bytes);
    if (buffer_.size() > 0) return read();
    limit(shared_.limits.idle_time);
    // One byte, after which the request has its own time.
    stream_.async_read_some(buffer_.prepare(1), [self = this->shared_from_this()](error_code error, std::size_t size) {
      if (error) return self->close();
      self->buffer_.commit(size);
      self->read();
    });
  }

  void read() {
    limit(shared_.limits.request_time);
    boost::beast::http::async_read(stream_, buffer_, *parser_,
                                   [self = this->shared_from_this()](error_code error, std::size_t) {
                                     if (error) return self->refuse(error);
                                     self->answer();
                                   });
  }

  void refuse(const error_code& error) {
    auto response = refusal_of(error);
    if (!response) return close();
    write(std::move(*response), 11, false);
  }

  void answer() {
    timer_.cancel();
    shared_.server->used(*this);
    auto http = parser_->release();
    const unsigned version = http.version();
    const bool keep_alive = http.keep_alive();
    if (auto refused = refuse_headers(http)) return write(std::move(*refused), version, false);
    is_head_ = http.method() == boost::beast::http::verb::head;
    is_answering_ = true;
    boost::asio::post(shared_.pool, [self = this->shared_from_this(), version, keep_alive,
                                     request = to_request(std::move(http), peer_)]() mutable {
      Response response = self->shared_.handler(request);
      // Nothing of the connection stays with this thread, so that its end is the other's.
      const auto executor = self->stream_.get_executor();
      boost::asio::post(executor,
                        [self = std::move(self), version, keep_alive, response = std::move(response)]() mutable {
                          self->write(std::move(response), version, keep_alive);
                        });
    });
  }

  void write(Response&& response, unsigned version, bool keep_alive) {
    if (!socket_of(stream_).is_open()) return;
    limit(shared_.limits.response_time);
    response_ = to_http(std::move(response), version, keep_alive);
    serializer_.emplace(*response_);
    const auto then = [self = this->shared_from_this(), keep_alive](error_code error, std::size_t) {
      self->serializer_.reset();
      self->is_answering_ = false;
      if (error || !keep_alive) return self->finish();
      self->wait_for_request();
    };
    if (is_head_) {
      boost::beast::http::async_write_header(stream_, *serializer_, then);
    } else {
      boost::beast::http::async_write(stream_, *serializer_, then);
    }
  }

  // Reads away what the client still sends, for a moment, so that it gets the answer and no reset instead.
  void finish() {
    error_code ignored;
    socket_of(stream_).shutdown(net::StreamSocket::shutdown_send, ignored);
    constexpr std::chrono::seconds moment{2};
    limit(moment);
    drain();
  }

  void drain() {
    constexpr std::size_t piece = 4096;
    buffer_.clear();
    socket_of(stream_).async_read_some(buffer_.prepare(piece),
                                       [self = this->shared_from_this()](error_code error, std::size_t) {
                                         if (error) return self->close();
                                         self->drain();
                                       });
  }

  Stream stream_;
  boost::asio::steady_timer timer_;
  HttpShared& shared_;
  Peer peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<HttpParser> parser_;
  std::optional<HttpResponse> response_;
  std::optional<boost::beast::http::serializer<false, boost::beast::http::string_body>> serializer_;
  bool is_head_ = false;
  bool is_answering_ = false;
};

}  // namespace connectord::api
