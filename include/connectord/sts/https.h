#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/smtp/network.h"
#include "connectord/tls/chain.h"

namespace connectord::sts {

struct HttpsAnswer {
  unsigned status = 0;
  std::string content_type;
  std::string body;
  std::int64_t certificate_end = 0;  // of the host's certificate, in seconds since 1970; 0: there was none
};

// The means of a request, and how long it may take. The referred to must outlive it.
struct HttpsClient {
  smtp::Network& network;
  const tls::TrustStore& trusted;
  std::int64_t unix_time = 0;  // seconds since 1970, by which certificates count
  std::chrono::milliseconds connect_limit{15'000};
  std::chrono::milliseconds reply_limit{30'000};  // for the handshake and the answer together
  // When a step that begins now and may take so long must have ended.
  std::function<smtp::Deadline(std::chrono::milliseconds)> deadline = [](std::chrono::milliseconds limit) {
    return std::chrono::steady_clock::now() + limit;
  };
};

// GET https://HOST/PATH from one address of it, over a certificate that is trusted and that names the host. No
// redirect is followed, nothing beyond `most` bytes is kept. On failure says why.
tl::expected<HttpsAnswer, std::string> https_get(const std::string& host, const net::IpAddress& address,
                                                 const std::string& path, std::size_t most, const HttpsClient& client);

// An answer of HTTP/1.1 (RFC 9112) as it was read up to the end of the connection.
tl::expected<HttpsAnswer, std::string> parse_http_answer(std::string_view bytes, std::size_t most);

}  // namespace connectord::sts
