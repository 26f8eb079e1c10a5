#include "api_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <fstream>
#include <optional>

#include "configuration_file.h"
#include "connectord/mail/text.h"
#include "connectord/net/acceptor.h"
#include "table.h"

namespace connectord::ctl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Exchanged = tl::expected<http::response<http::string_body>, std::string>;

constexpr std::chrono::seconds limit{60};
constexpr std::uint64_t largest_answer = std::uint64_t{256} << 20U;  // lists may be long

struct Address {
  net::Endpoint endpoint;
  bool tls = false;
};

tl::expected<Address, std::string> parse_address(std::string text) {
  const bool tls = text.starts_with("https://");
  if (tls || text.starts_with("http://")) {
    while (text.ends_with('/')) text.pop_back();
    const std::string rest = text.substr(text.find("//") + 2);
    const bool has_port = rest.rfind(':') != std::string::npos && !rest.ends_with(']');
    text = "inet:" + rest + (has_port ? "" : (tls ? ":443" : ":80"));
  }
  return net::Endpoint::parse(text)
      .map([tls](net::Endpoint endpoint) {
        return Address{std::move(endpoint), tls};
      })
      .map_error([](const std::string& error) { return "--api: " + error + ", or https://host:port"; });
}

bool is_loopback(const std::string& host) {
  const auto address = net::IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

tl::expected<Address, std::string> address_of(const Common& common, const ApiOptions& options,
                                              const Terminal& terminal) {
  if (!options.api.empty()) return parse_address(options.api);
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return tl::unexpected(std::string("the configuration does not load; name the API with --api"));
  const model::Server& server = policy->configuration().server;
  if (!server.api) {
    return tl::unexpected("there is no API: write api = \"unix:/run/connectord/api.sock\" in [server] of " +
                          common.configuration);
  }
  return Address{*server.api, !server.api_certificate.empty()};
}

tl::expected<std::string, std::string> read_token(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::string token;
  if (!std::getline(file, token)) return tl::unexpected("--token-file: cannot read a token from " + path);
  return std::string(mail::trimmed(token));
}

// One exchange with a time limit for each step.
class Exchange {
 public:
  explicit Exchange(Address address) : address_(std::move(address)) {}

  Exchanged run(const http::request<http::string_body>& request, const std::string& ca_file) {
    if (auto error = connect()) return failed("cannot connect", error);
    if (!address_.tls) return talk(socket_, request);
    asio::ssl::context tls(asio::ssl::context::tls_client);
    error_code error;
    ca_file.empty() ? tls.set_default_verify_paths(error) : tls.load_verify_file(ca_file, error);
    if (error) return failed("cannot read the authorities of --ca-file", error);
    asio::ssl::stream<net::StreamSocket&> stream(socket_, tls);
    stream.set_verify_mode(asio::ssl::verify_peer, error);
    stream.set_verify_callback(asio::ssl::host_name_verification(address_.endpoint.host), error);
    ::SSL_set_tlsext_host_name(stream.native_handle(), address_.endpoint.host.c_str());
    error = within([&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
    if (error) return failed("TLS fails (see --ca-file)", error);
    return talk(stream, request);
  }

 private:
  template <class Start>
  error_code within(const Start& start) {
    std::optional<error_code> result;
    start([&result](error_code error, auto&&...) { result = error; });
    context_.restart();
    context_.run_for(limit);
    if (!result) {
      error_code ignored;
      socket_.close(ignored);
      context_.restart();
      context_.run();
      return asio::error::timed_out;
    }
    return *result;
  }

  error_code connect() {
    if (address_.endpoint.kind == net::Endpoint::Kind::unix_socket) {
      const asio::local::stream_protocol::endpoint there(address_.endpoint.path);
      return within([&](auto done) { socket_.async_connect(there, done); });
    }
    error_code error;
    asio::ip::tcp::resolver resolver(context_);
    const auto found = resolver.resolve(address_.endpoint.host, std::to_string(address_.endpoint.port), error);
    if (error) return error;
    for (const auto& entry : found) {
      error_code ignored;
      socket_.close(ignored);
      error = within([&](auto done) { socket_.async_connect(entry.endpoint(), done); });
      if (!error) break;
    }
    return error;
  }

  template <class Stream>
  Exchanged talk(Stream& stream, const http::request<http::string_body>& request) {
    if (auto error = within([&](auto done) { http::async_write(stream, request, done); })) {
      return failed("cannot send the request", error);
    }
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(largest_answer);
    if (auto error = within([&](auto done) { http::async_read(stream, buffer, parser, done); })) {
      return failed("cannot read the answer", error);
    }
    return parser.release();
  }

  Exchanged failed(const std::string& what, const error_code& error) const {
    return tl::unexpected(address_.endpoint.to_string() + ": " + what + ": " + error.message());
  }

  Address address_;
  asio::io_context context_{1};
  net::StreamSocket socket_{context_};
};

// The problem details in words.
std::string problem_text(const nlohmann::ordered_json& body, unsigned status) {
  std::string text = text_at(body, "detail");
  if (text.empty()) return "the API answers " + std::to_string(status);
  if (!body.contains("errors") || !body["errors"].is_array()) return text;
  for (const auto& error : body["errors"]) {
    const std::string field = text_at(error, "field");
    text += "\n  " + (field.empty() ? std::string() : field + ": ") + text_at(error, "message");
  }
  return text;
}

tl::expected<ApiAnswer, std::string> read_answer(const http::response<http::string_body>& response) {
  ApiAnswer answer{response.result_int(), std::string(response[http::field::etag]), nullptr};
  if (!response.body().empty()) answer.body = nlohmann::ordered_json::parse(response.body(), nullptr, false);
  if (answer.body.is_discarded()) return tl::unexpected(std::string("the answer is no JSON; is it connectord's API?"));
  constexpr unsigned first_error = 400;
  if (answer.status >= first_error) return tl::unexpected(problem_text(answer.body, answer.status));
  return answer;
}

}  // namespace

std::string text_at(const nlohmann::ordered_json& object, const char* key) {
  const bool is_there = object.is_object() && object.contains(key) && object[key].is_string();
  return is_there ? harmless(object[key].get<std::string>()) : std::string();
}

void add_api_options(CLI::App& command, ApiOptions& options) {
  command.add_option("--api", options.api, "Where the API is: unix:/path or https://host:port; default: server.api");
  command.add_option("--token-file", options.token_file, "A file with a token; root needs none on the unix socket");
  command.add_option("--ca-file", options.ca_file, "The authorities to trust, in PEM; default: the system's");
}

tl::expected<ApiAnswer, std::string> call_api(const Common& common, const ApiOptions& options, const ApiCall& call,
                                              const Terminal& terminal) {
  const auto token = read_token(options.token_file);
  if (!token) return tl::unexpected(token.error());
  auto address = address_of(common, options, terminal);
  if (!address) return tl::unexpected(address.error());
  const bool leaves_the_host =
      address->endpoint.kind == net::Endpoint::Kind::inet && !is_loopback(address->endpoint.host);
  if (leaves_the_host && !address->tls)
    return tl::unexpected(std::string("--api: a token goes over TLS only; write https://"));
  http::request<http::string_body> request(http::string_to_verb(call.method), call.path, 11, call.body);
  request.set(http::field::host, address->endpoint.host.empty() ? "localhost" : address->endpoint.host);
  request.keep_alive(false);
  if (!token->empty()) request.set(http::field::authorization, "Bearer " + *token);
  if (!call.if_match.empty()) request.set(http::field::if_match, call.if_match);
  if (!call.body.empty()) request.set(http::field::content_type, "application/json");
  request.prepare_payload();
  return Exchange(std::move(*address)).run(request, options.ca_file).and_then(read_answer);
}

}  // namespace connectord::ctl
