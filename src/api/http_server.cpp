#include "connectord/api/http_server.h"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <latch>
#include <memory>
#include <string_view>
#include <utility>

#include "connectord/base/background.h"
#include "connectord/config/secret_file.h"
#include "http_connection.h"

namespace connectord::api {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

tl::expected<std::unique_ptr<ssl::context>, std::string> tls_context(const TlsFiles& files) {
  if (files.certificate.empty()) return nullptr;
  const auto self = config::reader_of_secrets("");
  if (!self) return tl::unexpected(self.error());
  const auto key = config::read_secret_file(files.key, *self);
  if (!key) return tl::unexpected("server.api_key: " + files.key + ": " + key.error());
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate, error);
  if (error) return tl::unexpected("server.api_certificate: " + files.certificate + ": " + error.message());
  context->use_private_key(asio::buffer(*key), ssl::context::pem, error);
  if (error) return tl::unexpected("server.api_key: " + files.key + ": " + error.message());
  return context;
}

}  // namespace

class HttpServer::Implementation {
 public:
  Implementation(base::FileDescriptor listener, std::unique_ptr<ssl::context> tls, Handler handler, log::Logger& log,
                 const HttpLimits& limits)
      : tls_(std::move(tls)),
        log_(log),
        shared_{std::move(handler), limits, asio::thread_pool(limits.workers), &server_},
        server_(std::move(listener), settings()) {}

  ~Implementation() { stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void start() {
    work_in_background();
    server_.start();
  }

  void stop() {
    server_.stop();
    shared_.pool.join();
  }

 private:
  // The pool's threads, each of which takes one of these, since none is done before all have begun.
  void work_in_background() {
    const auto begun = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(shared_.limits.workers));
    for (std::size_t i = 0; i < shared_.limits.workers; ++i) {
      asio::post(shared_.pool, [begun] {
        base::work_in_background();
        begun->arrive_and_wait();
      });
    }
  }

  net::StreamServer::Settings settings() {
    return {shared_.limits.connections, [this](net::StreamSocket socket) { return connection(std::move(socket)); },
            [this](std::string_view why) { log_.error("api", why, {}); }};
  }

  std::shared_ptr<net::StreamConnection> connection(net::StreamSocket socket) {
    auto stream = tls_ ? tls_stream(std::move(socket), *tls_) : plain_stream(std::move(socket));
    return std::make_shared<HttpConnection>(std::move(stream), shared_);
  }

  std::unique_ptr<ssl::context> tls_;
  log::Logger& log_;
  HttpShared shared_;
  net::StreamServer server_;
};

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::make(base::FileDescriptor listener,
                                                                        const TlsFiles& tls, Handler handler,
                                                                        log::Logger& log, const HttpLimits& limits) {
  auto context = tls_context(tls);
  if (!context) return tl::unexpected(context.error());
  return std::unique_ptr<HttpServer>(new HttpServer(
      std::make_unique<Implementation>(std::move(listener), std::move(*context), std::move(handler), log, limits)));
}

HttpServer::HttpServer(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}

HttpServer::~HttpServer() = default;

void HttpServer::start() {
  implementation_->start();
}

void HttpServer::stop() {
  implementation_->stop();
}

}  // namespace connectord::api
