// console: a link by which a browser is logged in.
#include <memory>
#include <ostream>

#include "api_client.h"
#include "commands.h"
#include "configuration_file.h"
#include "json_output.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct ConsoleArguments {
  ApiOptions api;
  std::string url;
};

constexpr const char* tunnelled = "http://localhost:8025";

// Where a browser on this machine, or at the other end of a tunnel, finds the pages.
std::string pages_url_of(const model::Server& server) {
  if (server.api->kind == net::Endpoint::Kind::unix_socket) return tunnelled;
  const std::string scheme = server.api_certificate.empty() ? "http://" : "https://";
  const std::string& host = server.api->host;
  const bool is_everywhere = host == "0.0.0.0" || host == "::";
  const std::string at_home = "localhost";
  const std::string shown = is_everywhere ? at_home : host.find(':') == std::string::npos ? host : "[" + host + "]";
  return scheme + shown + ":" + std::to_string(server.api->port);
}

// A browser cannot open a unix socket, but ssh can lead there.
void print_tunnel(const model::Server& server, std::ostream& out) {
  if (server.api->kind != net::Endpoint::Kind::unix_socket) return;
  out << "the API is on a unix socket; on your own machine, first:\n  ssh -L 8025:" << server.api->path << " root@"
      << server.host_name << '\n';
}

tl::expected<void, std::string> print_link(const Common& common, const ConsoleArguments& arguments,
                                           const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return tl::unexpected(std::string("the configuration does not load"));
  const model::Server& server = policy->configuration().server;
  if (!server.api) {
    return tl::unexpected("the console is where the API listens: write api = \"inet:127.0.0.1:8025\" in [server] of " +
                          common.configuration);
  }
  const auto answer = call_api(common, arguments.api, {"POST", "/api/session/link"}, terminal);
  if (!answer) return tl::unexpected(answer.error());
  const std::string base = arguments.url.empty() ? pages_url_of(server) : arguments.url;
  const std::string link = base + "/#link=" + text_at(answer->body, "secret");
  if (common.json) {
    print_json(Json{{"link", link}, {"seconds", answer->body.value("seconds", 0)}}, terminal.out);
    return {};
  }
  print_tunnel(server, terminal.error);
  terminal.error << "good for one use, within a minute:\n";
  terminal.out << link << '\n';
  return {};
}

}  // namespace

void add_console_command(const CommandLine& line) {
  const auto arguments = std::make_shared<ConsoleArguments>();
  const Subcommand command = line.command("console", "Print a link of one use that opens the console, logged in");
  command.add_option("--url", arguments->url, "Where the browser finds it, if elsewhere: https://mx.example.net");
  add_api_options(command, arguments->api);
  command.callback([line, arguments] {
    const auto done = print_link(line.common, *arguments, line.terminal);
    if (!done) line.terminal.error << "connectorctl: " << done.error() << '\n';
    line.status = done ? Status::answered : Status::wrong_input;
  });
}

}  // namespace connectord::ctl
