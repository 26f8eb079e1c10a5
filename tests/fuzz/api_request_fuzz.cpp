#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/http_translation.h"
#include "api/json_body.h"
#include "api/target.h"
#include "connectord/api/api.h"

namespace {

using namespace connectord;

class NoLog : public log::Logger {
 public:
  void write(const log::Record&) override {}
};

// An API whose files are not there, so that no request can change anything.
struct World {
  NoLog log;
  runtime::PolicyStore policies{engine::Policy::compile(configuration()).policy};
  runtime::LiveSessions live;
  session::InFlight intake;
  runtime::Services services{policies, live, log};
  runtime::Reloader reloader{"/nonexistent/connectord.toml", services};
  model::Server settings;
  api::Api api{{services, reloader, intake, {"", 1, 1, {}}, settings}};

  static model::Configuration configuration() {
    auto loaded = config::parse(
        "[server]\nmilter = \"unix:/m\"\n[authentication]\nspf = false\ndkim = false\ndmarc = \"off\"\n"
        "[[inbound]]\nname = \"contoso\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }\n",
        "/nonexistent/connectord.toml", {"localhost"});
    return std::move(loaded.configuration);
  }
};

// The first line up to a space is the method, up to its end the target; the rest is the body.
api::Request to_request(std::string_view text) {
  const auto line_end = std::min(text.find('\n'), text.size());
  const auto space = std::min(text.find(' '), line_end);
  api::Request request;
  request.method = text.substr(0, space);
  request.target = text.substr(std::min(space + 1, line_end), line_end - std::min(space + 1, line_end));
  request.content_type = "application/json";
  request.if_match = "*";
  request.body = text.substr(std::min(line_end + 1, text.size()));
  request.peer = {"unix:0", 0};
  return request;
}

// The same bytes as HTTP. Where a request is taken, everybody reads the same end of it.
void require_one_end(std::string_view text) {
  namespace http = boost::beast::http;
  api::HttpParser parser;
  parser.eager(true);
  boost::system::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(text), error);
  if (error || !parser.is_done()) return;
  const auto& request = parser.get();
  if (api::refuse_headers(request)) return;
  const auto lengths = request.count(http::field::content_length);
  const auto codings = request.count(http::field::transfer_encoding);
  if (lengths + codings > 1 || request.count(http::field::host) > 1) __builtin_trap();
  if (codings == 1 && !boost::beast::iequals(request[http::field::transfer_encoding], "chunked")) __builtin_trap();
  if (codings == 1) return;
  const std::string length(request[http::field::content_length]);
  const std::string said =
      length.empty() ? "0" : length.substr(std::min(length.find_first_not_of('0'), length.size() - 1));
  if (said != std::to_string(request.body().size())) __builtin_trap();
  if (text.substr(0, used).find("\r\n\r\n") + 4 + request.body().size() != used) __builtin_trap();
}

}  // namespace

// What an administrator's program might send, and what a stranger's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require_one_end(text);
  const api::Request request = to_request(text);
  const api::Response response = world.api.handle(request);
  // Every answer is one that HTTP has; what fails says why, and nothing is our own fault but what is not built.
  if (response.status < 200 || (response.status >= 500 && response.status != 501)) __builtin_trap();
  if (response.status >= 400 && response.content_type != "application/problem+json") __builtin_trap();
  // What was read once is read the same way again.
  if (const auto body = api::parse_body(request.body)) {
    const auto again = api::parse_body(api::to_text(*body));
    if (!again || !(*again == *body)) __builtin_trap();
  }
  return 0;
}
