#include "http_stream.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace connectord::api {
namespace {

namespace asio = boost::asio;

template <class Stream>
class StreamOf : public HttpStream {
 public:
  explicit StreamOf(Stream stream) : stream_(std::move(stream)) {}

  net::StreamSocket& socket() override { return lowest(stream_); }

  void async_handshake(std::function<void(error_code)> done) override {
    if constexpr (std::is_same_v<Stream, net::StreamSocket>) {
      asio::post(stream_.get_executor(), [done = std::move(done)] { done(error_code()); });
    } else {
      stream_.async_handshake(asio::ssl::stream_base::server, std::move(done));
    }
  }

  void async_read_some(asio::mutable_buffer into, Done done) override {
    stream_.async_read_some(into, std::move(done));
  }

  void async_write(asio::const_buffer from, Done done) override { asio::async_write(stream_, from, std::move(done)); }

 private:
  static net::StreamSocket& lowest(net::StreamSocket& socket) { return socket; }
  static net::StreamSocket& lowest(asio::ssl::stream<net::StreamSocket>& stream) { return stream.next_layer(); }

  Stream stream_;
};

}  // namespace

std::unique_ptr<HttpStream> plain_stream(net::StreamSocket socket) {
  return std::make_unique<StreamOf<net::StreamSocket>>(std::move(socket));
}

std::unique_ptr<HttpStream> tls_stream(net::StreamSocket socket, asio::ssl::context& context) {
  using TlsStream = asio::ssl::stream<net::StreamSocket>;
  return std::make_unique<StreamOf<TlsStream>>(TlsStream(std::move(socket), context));
}

}  // namespace connectord::api
