#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/api/http_server.h"
#include "connectord/net/acceptor.h"

// Between HTTP as Beast has it and what the API answers. Pure but for peer_of().
namespace connectord::api {

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

constexpr unsigned http_1_1 = 11;

struct HttpForm {
  unsigned version = http_1_1;
  bool keep_alive = false;
  bool head_only = false;  // the answer to HEAD: the header alone, as it would be with the body (RFC 9110, 9.3.2)
};

Peer peer_of(net::StreamSocket& socket);
// An answer for what is no request of ours, or nothing where all is well.
std::optional<Response> refuse_headers(const HttpParser::value_type& request);
Request to_request(HttpParser::value_type&& request, const Peer& peer);
// The bytes of a response.
std::string to_http(Response&& response, const HttpForm& form);
// A piece of an answer of unknown length, and what stands behind the last one: chunks (RFC 9112, 7.1), and nothing for
// clients of HTTP/1.0, to whom the connection's end is that of the answer.
std::string to_piece(std::string_view piece, unsigned version);
std::string end_of_pieces(unsigned version);
// The answer to what the parser could not take; nothing where the client is merely gone.
std::optional<Response> refusal_of(const boost::system::error_code& error);

}  // namespace connectord::api
