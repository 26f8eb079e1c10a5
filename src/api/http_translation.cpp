#include "http_translation.h"

#include <algorithm>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>

#include "connectord/net/ip_address.h"
#include "connectord/net/socket_peer.h"
#include "problem.h"

namespace connectord::api {

namespace http = boost::beast::http;

namespace {

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Where a request ends must be beyond doubt, or a proxy before us and we could see different requests (RFC 9112, 6.1 to
// 6.3). Beast takes a coding that it does not know for none at all.
std::optional<Response> refuse_framing(const HttpParser::value_type& request) {
  if (!all_digits(request[http::field::content_length])) return problem(400, "Content-Length must be one number");
  if (request.count(http::field::transfer_encoding) == 0) return std::nullopt;
  if (!boost::beast::iequals(request[http::field::transfer_encoding], "chunked")) {
    return problem(400, "the only Transfer-Encoding that is taken is chunked");
  }
  if (request.count(http::field::content_length) > 0) {
    return problem(400, "Transfer-Encoding and Content-Length are both there; write one");
  }
  if (request.version() < http_1_1) return problem(400, "HTTP/1.0 has no Transfer-Encoding");
  return std::nullopt;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// A name or an address, and a port: what RFC 3986, 3.2.2 allows beyond that is no server's name.
bool is_host(std::string_view text) {
  constexpr std::size_t max_port_length = 5;
  const bool in_brackets = text.starts_with('[');
  const auto colon = text.find(':', in_brackets ? std::min(text.find(']'), text.size()) : 0);
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (port.size() > max_port_length || !all_digits(port)) return false;
  if (in_brackets) return host.ends_with(']') && net::IpAddress::parse(host).has_value();
  return !host.empty() && std::all_of(host.begin(), host.end(), is_name_character);
}

}  // namespace

Peer peer_of(net::StreamSocket& socket) {
  const net::SocketPeer peer = net::peer_of(socket.native_handle());
  if (peer.address) return {peer.address->to_string(), {}};
  if (peer.uid) return {"unix:" + std::to_string(*peer.uid), peer.uid};
  return {"unknown", {}};
}

std::optional<Response> refuse_headers(const HttpParser::value_type& request) {
  for (const auto field :
       {http::field::host, http::field::authorization, http::field::content_type, http::field::if_match,
        http::field::content_length, http::field::transfer_encoding, http::field::origin}) {
    if (request.count(field) > 1) return problem(400, "the field " + std::string(to_string(field)) + " is there twice");
  }
  if (auto refused = refuse_framing(request)) return refused;
  // RFC 9112, 3.2.
  if (request.version() >= http_1_1 && request.count(http::field::host) == 0) {
    return problem(400, "the field Host is missing");
  }
  if (request.count(http::field::host) > 0 && !is_host(request[http::field::host])) {
    return problem(400, "the field Host names no host; write the server's name or address, and its port");
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
          std::move(request.body()),
          peer,
          std::string(request[http::field::host]),
          std::string(request[http::field::origin]),
          std::string(request["Sec-Fetch-Site"])};
}

std::string to_piece(std::string_view piece, unsigned version) {
  if (version < http_1_1 || piece.empty()) return std::string(piece);
  std::ostringstream text;
  text << std::hex << piece.size() << "\r\n" << piece << "\r\n";
  return std::move(text).str();
}

std::string end_of_pieces(unsigned version) {
  return version < http_1_1 ? "" : "0\r\n\r\n";
}

std::string to_http(Response&& response, const HttpForm& form) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), form.version);
  if (!response.content_type.empty()) message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  message.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.body() = std::move(response.body);
  message.keep_alive(form.keep_alive);
  if (!response.more) message.prepare_payload();
  if (response.more && form.version >= http_1_1) message.chunked(true);
  std::ostringstream header;
  header << message.base();
  std::string text = std::move(header).str();
  if (form.head_only) return text;
  return text + (response.more ? to_piece(message.body(), form.version) : message.body());
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
