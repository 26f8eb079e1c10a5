#pragma once

#include <boost/asio/buffer.hpp>
#include <functional>
#include <memory>

#include "connectord/net/acceptor.h"

namespace boost::asio::ssl {
class context;
}

namespace connectord::api {

// The bytes of one client, plain or over TLS, so that what is above them is compiled once for both. For the server's
// one thread; whoever waits keeps the stream alive.
class HttpStream {
 public:
  using error_code = boost::system::error_code;
  using Done = std::function<void(error_code, std::size_t)>;

  virtual ~HttpStream() = default;
  virtual net::StreamSocket& socket() = 0;
  virtual void async_handshake(std::function<void(error_code)> done) = 0;
  virtual void async_read_some(boost::asio::mutable_buffer into, Done done) = 0;
  // All of it.
  virtual void async_write(boost::asio::const_buffer from, Done done) = 0;
};

std::unique_ptr<HttpStream> plain_stream(net::StreamSocket socket);
std::unique_ptr<HttpStream> tls_stream(net::StreamSocket socket, boost::asio::ssl::context& context);

}  // namespace connectord::api
