#include "api_client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "configuration_file.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "connectord/net/endpoint.h"
#include "connectord/net/ip_address.h"
#include "local_changes.h"
#include "table.h"

namespace connectord::ctl {
namespace {

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
    return tl::unexpected("only root can change " + common.configuration +
                          " itself: ask root, or write api = \"unix:/run/connectord/api.sock\" in its [server]");
  }
  return Address{*server.api, !server.api_certificate.empty()};
}

tl::expected<std::string, std::string> read_token(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::string token;
  if (!std::getline(file, token)) return tl::unexpected("--token-file: cannot read a token from " + path);
  return std::string(base::trimmed(token));
}

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

constexpr std::size_t largest_answer = std::size_t{256} << 20U;  // lists may be long

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

class Headers {
 public:
  Headers() = default;
  ~Headers() { curl_slist_free_all(list_); }
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;

  void add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* list() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

struct Received {
  std::string etag;
  std::string body;
};

// libcurl's callbacks; another number than that of the bytes given ends the transfer.
std::size_t take_body(const char* bytes, std::size_t size, std::size_t count, void* received) {
  std::string& body = static_cast<Received*>(received)->body;
  if (body.size() + size * count > largest_answer) return 0;
  body.append(bytes, size * count);
  return size * count;
}

std::size_t take_header(const char* bytes, std::size_t size, std::size_t count, void* received) {
  constexpr std::string_view name = "etag:";
  const std::string_view line(bytes, size * count);
  if (base::starts_with_ignoring_case(line, name)) {
    std::string_view value = line.substr(name.size());
    while (value.ends_with('\r') || value.ends_with('\n')) value.remove_suffix(1);
    static_cast<Received*>(received)->etag = base::trimmed(value);
  }
  return size * count;
}

// Also where the configuration does not load, which is reported then.
bool has_api(const Common& common) {
  const auto loaded = load(common, runtime::SecretFiles::leave);
  return loaded.policy && loaded.policy->configuration().server.api;
}

std::string url_of(const Address& address, const std::string& path) {
  if (address.endpoint.kind == net::Endpoint::Kind::unix_socket) return "http://localhost" + path;
  const bool is_ipv6 = address.endpoint.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + address.endpoint.host + "]" : address.endpoint.host;
  return (address.tls ? "https://" : "http://") + host + ":" + std::to_string(address.endpoint.port) + path;
}

std::string words_of(CURLcode code, const char* details) {
  const std::string why = details[0] == '\0' ? curl_easy_strerror(code) : details;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return "cannot connect: " + why;
    case CURLE_SSL_CACERT_BADFILE:
      return "cannot read the authorities of --ca-file: " + why;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
      return "TLS fails (see --ca-file): " + why;
    case CURLE_OPERATION_TIMEDOUT:
      return "no answer, so it is not known whether anything has changed; see: connectorctl status";
    default:
      return "cannot read the answer: " + why;
  }
}

// One exchange. The environment's proxies are not asked: they would see the token.
class Exchange {
 public:
  explicit Exchange(Address address) : address_(std::move(address)) {}

  tl::expected<ApiAnswer, std::string> run(const ApiCall& call, const std::string& token, const ApiOptions& options) {
    if (!handle_) return tl::unexpected(std::string("libcurl does not start"));
    prepare(call, token, options);
    std::array<char, CURL_ERROR_SIZE> details{};
    set(CURLOPT_ERRORBUFFER, details.data());
    const CURLcode code = curl_easy_perform(handle_.get());
    if (code != CURLE_OK) {
      return tl::unexpected(address_.endpoint.to_string() + ": " + words_of(code, details.data()));
    }
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);  // NOLINT: libcurl's interface is variadic
    return read_answer(static_cast<unsigned>(status), std::move(received_.etag), received_.body);
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(handle_.get(), option, value);  // NOLINT: libcurl's interface is variadic
  }

  void prepare(const ApiCall& call, const std::string& token, const ApiOptions& options) {
    set(CURLOPT_URL, url_of(address_, call.path).c_str());
    if (address_.endpoint.kind == net::Endpoint::Kind::unix_socket) {
      set(CURLOPT_UNIX_SOCKET_PATH, address_.endpoint.path.c_str());
    }
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, options.timeout);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, options.timeout);
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
    if (!call.body.empty()) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
      set(CURLOPT_POSTFIELDS, call.body.c_str());
      headers_.add("Content-Type: application/json");
    }
    headers_.add("Expect:");  // whole at once
    if (!token.empty()) headers_.add("Authorization: Bearer " + token);
    if (!call.if_match.empty()) headers_.add("If-Match: " + call.if_match);
    set(CURLOPT_HTTPHEADER, headers_.list());
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_WRITEDATA, &received_);
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, &received_);
  }

  Address address_;
  Headers headers_;
  Received received_;
  Handle handle_{curl_easy_init(), curl_easy_cleanup};
};

}  // namespace

tl::expected<ApiAnswer, std::string> read_answer(unsigned status, std::string etag, const std::string& body) {
  ApiAnswer answer{status, std::move(etag), nullptr};
  if (!body.empty()) answer.body = base::parse_json(body);
  if (answer.body.is_discarded()) return tl::unexpected(std::string("the answer is no JSON; is it connectord's API?"));
  constexpr unsigned first_error = 400;
  if (answer.status >= first_error) return tl::unexpected(problem_text(answer.body, answer.status));
  return answer;
}

std::string text_at(const nlohmann::ordered_json& object, const char* key) {
  const bool is_there = object.is_object() && object.contains(key) && object[key].is_string();
  return is_there ? harmless(object[key].get<std::string>()) : std::string();
}

void add_api_options(const Subcommand& command, ApiOptions& options) {
  command.add_option("--api", options.api, "Where the API is: unix:/path or https://host:port; default: server.api");
  command.add_option("--token-file", options.token_file, "A file with a token; root needs none on the unix socket");
  command.add_option("--ca-file", options.ca_file, "The authorities to trust, in PEM; default: the system's");
  command.add_option("--timeout", options.timeout, "How many seconds to wait for an answer")
      .between(1, 3600)
      .capture_default_str();
}

tl::expected<ApiAnswer, std::string> call_api(const Common& common, const ApiOptions& options, const ApiCall& call,
                                              const Terminal& terminal) {
  const auto token = read_token(options.token_file);
  if (!token) return tl::unexpected(token.error());
  if (options.api.empty() && ::geteuid() == 0 && !has_api(common)) return answer_locally(common, call, terminal);
  auto address = address_of(common, options, terminal);
  if (!address) return tl::unexpected(address.error());
  const bool leaves_the_host =
      address->endpoint.kind == net::Endpoint::Kind::inet && !is_loopback(address->endpoint.host);
  if (leaves_the_host && !address->tls)
    return tl::unexpected(std::string("--api: a token goes over TLS only; write https://"));
  return Exchange(std::move(*address)).run(call, *token, options);
}

}  // namespace connectord::ctl
