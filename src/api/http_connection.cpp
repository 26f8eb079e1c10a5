#include "http_connection.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace connectord::api {

namespace {

constexpr std::size_t piece = 16384;

}  // namespace

HttpConnection::HttpConnection(std::unique_ptr<HttpStream> stream, HttpShared& shared)
    : stream_(std::move(stream)),
      timer_(stream_->socket().get_executor()),
      shared_(shared),
      peer_(peer_of(stream_->socket())) {}

void HttpConnection::start() {
  limit(shared_.limits.request_time);
  stream_->async_handshake([self = shared_from_this()](error_code error) {
    if (error) return self->close();
    self->wait_for_request();
  });
}

void HttpConnection::close() {
  error_code ignored;
  timer_.cancel();
  stream_->socket().close(ignored);
  shared_.server->forget(*this);
}

void HttpConnection::limit(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled) self->close();
  });
}

void HttpConnection::wait_for_request() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(shared_.limits.header_bytes);
  parser_->body_limit(shared_.limits.body_bytes);
  is_head_ = false;
  if (buffer_.size() > 0) {
    limit(shared_.limits.request_time);
    return parse();
  }
  limit(shared_.limits.idle_time);
  // One byte, after which the request has its own time.
  stream_->async_read_some(buffer_.prepare(1), [self = shared_from_this()](error_code error, std::size_t size) {
    if (error) return self->close();
    self->buffer_.commit(size);
    self->limit(self->shared_.limits.request_time);
    self->read_some(piece);
  });
}

void HttpConnection::read_some(std::size_t size) {
  stream_->async_read_some(buffer_.prepare(size), [self = shared_from_this()](error_code error, std::size_t read) {
    if (error) return self->close();
    self->buffer_.commit(read);
    self->parse();
  });
}

void HttpConnection::parse() {
  error_code error;
  buffer_.consume(parser_->put(buffer_.data(), error));
  if (error && error != boost::beast::http::error::need_more) return refuse(error);
  if (parser_->is_done()) return answer();
  read_some(piece);
}

void HttpConnection::refuse(const error_code& error) {
  auto response = refusal_of(error);
  if (!response) return close();
  write(std::move(*response), http_1_1, false);
}

void HttpConnection::answer() {
  timer_.cancel();
  shared_.server->used(*this);
  auto http = parser_->release();
  const unsigned version = http.version();
  const bool keep_alive = http.keep_alive();
  if (auto refused = refuse_headers(http)) return write(std::move(*refused), version, false);
  is_head_ = http.method() == boost::beast::http::verb::head;
  is_answering_ = true;
  boost::asio::post(shared_.pool, [self = shared_from_this(), version, keep_alive,
                                   request = to_request(std::move(http), peer_)]() mutable {
    Response response = self->shared_.handler(request);
    // Nothing of the connection stays with this thread, so that its end is the other's.
    const auto executor = self->stream_->socket().get_executor();
    boost::asio::post(executor,
                      [self = std::move(self), version, keep_alive, response = std::move(response)]() mutable {
                        self->write(std::move(response), version, keep_alive);
                      });
  });
}

void HttpConnection::write(Response&& response, unsigned version, bool keep_alive) {
  if (!stream_->socket().is_open()) return;
  limit(shared_.limits.response_time);
  if (!is_head_) more_ = response.more;
  keep_alive = keep_alive && (!response.more || version >= http_1_1);
  response_ = to_http(std::move(response), {.version = version, .keep_alive = keep_alive, .head_only = is_head_});
  stream_->async_write(boost::asio::buffer(response_),
                       [self = shared_from_this(), version, keep_alive](error_code error, std::size_t) {
                         if (!error && self->more_) return self->write_more(version, keep_alive);
                         self->end_answer(keep_alive && !error);
                       });
}

void HttpConnection::write_more(unsigned version, bool keep_alive) {
  timer_.cancel();
  boost::asio::post(shared_.pool, [self = shared_from_this(), version, keep_alive]() mutable {
    std::optional<std::string> piece;
    try {
      piece = self->more_();
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the client sees an answer without its end
    }
    const auto executor = self->stream_->socket().get_executor();
    boost::asio::post(executor, [self = std::move(self), version, keep_alive, piece = std::move(piece)] {
      if (!self->stream_->socket().is_open()) return;
      if (!piece) return self->close();
      self->write_piece(*piece, version, keep_alive);
    });
  });
}

void HttpConnection::write_piece(const std::string& piece, unsigned version, bool keep_alive) {
  limit(shared_.limits.response_time);
  const bool is_last = piece.empty();
  response_ = is_last ? end_of_pieces(version) : to_piece(piece, version);
  stream_->async_write(boost::asio::buffer(response_),
                       [self = shared_from_this(), version, keep_alive, is_last](error_code error, std::size_t) {
                         if (!error && !is_last) return self->write_more(version, keep_alive);
                         self->end_answer(keep_alive && !error);
                       });
}

void HttpConnection::end_answer(bool keep_alive) {
  response_.clear();
  more_ = nullptr;
  is_answering_ = false;
  if (!keep_alive) return finish();
  wait_for_request();
}

void HttpConnection::finish() {
  error_code ignored;
  stream_->socket().shutdown(net::StreamSocket::shutdown_send, ignored);
  constexpr std::chrono::seconds moment{2};
  limit(moment);
  drain();
}

void HttpConnection::drain() {
  buffer_.clear();
  stream_->socket().async_read_some(buffer_.prepare(piece), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->close();
    self->drain();
  });
}

}  // namespace connectord::api
