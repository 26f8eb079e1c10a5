#pragma once

#include <string>

#include "recorder.h"

namespace connectord::probe {

struct HttpsAnswer {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

// GET https://HOST/PATH from one address of it, over a certificate that `trusted` vouches for and that names the host.
// No redirect is followed, nothing beyond `most` bytes is kept. On failure says why.
tl::expected<HttpsAnswer, std::string> https_get(const std::string& host, const net::IpAddress& address,
                                                 const std::string& path, const tls::TrustStore& trusted,
                                                 std::size_t most, const Recorder& recorder);

// An answer of HTTP/1.1 (RFC 9112) as it was read up to the end of the connection.
tl::expected<HttpsAnswer, std::string> parse_http_answer(std::string_view bytes, std::size_t most);

}  // namespace connectord::probe
