#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
  session::PolicyStore policies{engine::Policy::compile(configuration()).policy};
  session::LiveSessions live;
  session::Intake intake;
  session::Services services{policies, live, log};
  session::Reloader reloader{"/nonexistent/connectord.toml", services};
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

}  // namespace

// What an administrator's program might send, and what a stranger's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
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
