#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "connectord/net/ip_address.h"
#include "http_connection.h"
#include "problem.h"

namespace connectord::api {

namespace http = boost::beast::http;

Peer peer_of(net::StreamSocket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (!error) {
    if (const auto address = net::IpAddress::from_sockaddr(endpoint.data())) return {address->to_string(), {}};
  }
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    return {"unix:" + std::to_string(credentials.uid), credentials.uid};
  }
  return {"unknown", {}};
}

std::optional<Response> refuse_headers(const HttpParser::value_type& request) {
  for (const auto field :
       {http::field::host, http::field::authorization, http::field::content_type, http::field::if_match}) {
    if (request.count(field) > 1) return problem(400, "the field " + std::string(to_string(field)) + " is there twice");
  }
  // RFC 9112, 3.2.
  constexpr unsigned http_1_1 = 11;
  if (request.version() >= http_1_1 && request.count(http::field::host) == 0) {
    return problem(400, "the field Host is missing");
  }
  return std::nullopt;
}

Request to_request(HttpParser::value_type&& request, const Peer& peer) {
  const bool head = request.method() == http::verb::head;
  return {head ? "GET" : std::string(request.method_string()),
          std::string(request.target()),
          std::string(request[http::field::authorization]),
          std::string(request[http::field::content_type]),
          std::string(request[http::field::if_match]),
          std::move(request).body(),
          peer};
}

HttpResponse to_http(Response&& response, unsigned version, bool keep_alive) {
  HttpResponse result(static_cast<http::status>(response.status), version);
  if (!response.content_type.empty()) result.set(http::field::content_type, response.content_type);
  result.set(http::field::cache_control, "no-store");
  result.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) result.set(name, value);
  result.body() = std::move(response.body);
  result.keep_alive(keep_alive);
  result.prepare_payload();
  return result;
}

std::optional<Response> refusal_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return problem(431, "the header fields have more than 8 KiB");
  if (error == http::error::body_limit) return problem(413, "the body has more than 1 MiB");
  const bool is_parsing = error.category() == make_error_code(http::error::bad_value).category();
  const bool is_gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (!is_parsing || is_gone) return std::nullopt;
  return problem(400, "this is no HTTP/1.1 request: " + error.message());
}

}  // namespace connectord::api
