#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "connectord/api/message.h"
#include "connectord/log/logger.h"
#include "connectord/net/listener.h"

namespace connectord::api {

// What a client may use up.
struct HttpLimits {
  std::size_t connections = 200;
  std::uint32_t header_bytes = 8U << 10U;
  std::uint64_t body_bytes = std::uint64_t{1} << 20U;
  std::chrono::milliseconds request_time{30'000};   // from a request's first byte to its last; a TLS handshake's too
  std::chrono::milliseconds response_time{60'000};  // to take an answer
  std::chrono::milliseconds idle_time{60'000};      // between requests
  std::size_t workers = 4;                          // requests that are answered at the same time
};

// A certificate chain and its key, both in PEM; empty for no TLS.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

// HTTP/1.1 (RFC 9112), over TLS 1.2 or later where there are files for it. One thread reads and writes; a small pool
// runs the handler, so that a slow answer holds up neither other clients nor mail.
class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;

  // Reads the files for TLS, as whoever the process is now. On failure says what is wrong with them.
  static tl::expected<std::unique_ptr<HttpServer>, std::string> make(base::FileDescriptor listener, const TlsFiles& tls,
                                                                     Handler handler, log::Logger& log,
                                                                     const HttpLimits& limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void start();
  // Closes all connections; answers that are under way are made and thrown away.
  void stop();

 private:
  class Implementation;
  explicit HttpServer(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace connectord::api
