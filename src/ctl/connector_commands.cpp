// The commands that change connectors, all of them through the API: create, update, enable, disable, delete.
#include <memory>
#include <ostream>

#include "api_client.h"
#include "commands.h"
#include "connector_document.h"
#include "connectord/base/display_control.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Answer = tl::expected<ApiAnswer, std::string>;

struct Arguments {
  ApiOptions api;
  std::string name;
  std::string direction;
  std::string scenario;
  std::string file;
  std::vector<std::string> set;
  std::vector<std::string> unset;
};

// What each command needs.
struct Work {
  const Common& common;
  const Arguments& arguments;
  const Terminal& terminal;

  Answer call(const ApiCall& request) const { return call_api(common, arguments.api, request, terminal); }
};

constexpr const char* all_connectors = "/api/exchange/connectors";

std::string encoded(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (plain) {
      result += c;
    } else {
      result += '%';
      result += digits[byte >> 4U];
      result += digits[byte & 0xfU];
    }
  }
  return result;
}

std::string path_of(const Arguments& arguments, const std::string& below = "") {
  // "." alone would be no segment of a path.
  std::string path = std::string(all_connectors) + "/" + encoded(arguments.name) + below;
  if (!arguments.direction.empty()) path += "?direction=" + encoded(arguments.direction);
  return path;
}

// The words of the command line put into `connector`.
tl::expected<Json, std::string> with_options(Json connector, const Arguments& arguments) {
  for (const auto& [key, value] : {std::pair("name", arguments.name), std::pair("direction", arguments.direction),
                                   std::pair("scenario", arguments.scenario)}) {
    if (!value.empty()) connector[key] = value;
  }
  return set_keys(connector, arguments.set).and_then([&] { return unset_keys(connector, arguments.unset); }).map([&] {
    return connector;
  });
}

Answer create(const Work& work) {
  const Arguments& arguments = work.arguments;
  auto connector = arguments.file.empty() ? tl::expected<Json, std::string>(Json::object())
                                          : read_connector(arguments.file, work.terminal.in);
  return connector.and_then([&](Json json) { return with_options(std::move(json), arguments); })
      .and_then([&](const Json& json) {
        return work.call({"POST", all_connectors, json.dump()});
      });
}

Answer update(const Work& work) {
  const Arguments& arguments = work.arguments;
  Answer running = work.call({"GET", path_of(arguments)});
  if (!running) return running;
  auto connector = arguments.file.empty() ? tl::expected<Json, std::string>(running->body)
                                          : read_connector(arguments.file, work.terminal.in);
  return connector.and_then([&](Json json) { return with_options(std::move(json), arguments); })
      .and_then([&](const Json& json) {
        return work.call({"PUT", path_of(arguments), json.dump(), running->etag});
      });
}

Answer set_enabled(const Work& work, bool enabled) {
  return work.call({"PUT", path_of(work.arguments, "/status"), Json{{"enabled", enabled}}.dump()});
}
Answer enable(const Work& work) {
  return set_enabled(work, true);
}
Answer disable(const Work& work) {
  return set_enabled(work, false);
}

Answer remove(const Work& work) {
  Answer running = work.call({"GET", path_of(work.arguments)});
  if (!running) return running;
  return work.call({"DELETE", path_of(work.arguments), "", running->etag});
}

Status finish(const Work& work, const Answer& answer, std::string_view done) {
  if (!answer) {
    work.terminal.error << "connectorctl: " << answer.error() << '\n';
    return Status::wrong_input;
  }
  if (work.common.json) {
    work.terminal.out << base::escape_display_controls(answer->body.dump(2, ' ', false, Json::error_handler_t::replace))
                      << '\n';
  } else {
    const std::string told = text_at(answer->body, "name");
    const std::string name = told.empty() ? work.arguments.name : told;
    work.terminal.out << name << ": " << done << '\n';
  }
  return Status::answered;
}

struct Command {
  const char* name;
  const char* help;
  const char* done;
  Answer (*run)(const Work&);
};

std::shared_ptr<Arguments> add_command(const CommandLine& line, const Command& what, Subcommand& command) {
  command = line.command(what.name, what.help);
  auto arguments = std::make_shared<Arguments>();
  add_api_options(command, arguments->api);
  command.add_option("--direction", arguments->direction, "inbound or outbound").one_of({"inbound", "outbound"});
  command.callback([line, arguments, what] {
    const Work work{line.common, *arguments, line.terminal};
    line.status = finish(work, what.run(work), what.done);
  });
  return arguments;
}

void add_content_options(const Subcommand& command, Arguments& arguments) {
  command.add_option("--file", arguments.file, "A file with the connector, JSON or TOML; - for standard input");
  command.add_option("--scenario", arguments.scenario, "partner, on-premises or internet");
  command.add_option("--set", arguments.set, "A key and its value in TOML: require.tls=true; may be given again");
}

}  // namespace

void add_connector_commands(const CommandLine& line) {
  Subcommand command = line.app;
  auto arguments = add_command(line, {"create", "Make a connector", "created", create}, command);
  command.add_option("name", arguments->name, "The connector's name");
  add_content_options(command, *arguments);
  arguments = add_command(line, {"update", "Change a connector that the API made", "updated", update}, command);
  command.add_option("name", arguments->name, "The connector's name").required();
  add_content_options(command, *arguments);
  command.add_option("--unset", arguments->unset, "A key to leave out: require.tls_version; may be given again");
  for (const Command& what : {Command{"enable", "Enable a connector", "enabled", enable},
                              Command{"disable", "Disable a connector", "disabled", disable},
                              Command{"delete", "Delete a connector that the API made", "deleted", remove}}) {
    arguments = add_command(line, what, command);
    command.add_option("name", arguments->name, "The connector's name").required();
  }
}

}  // namespace connectord::ctl
