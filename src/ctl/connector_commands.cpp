// The commands that change connectors and rules, through the API or as it would: create, update, enable, disable,
// delete.
#include <unistd.h>

#include <memory>
#include <ostream>

#include "api_client.h"
#include "commands.h"
#include "connector_document.h"
#include "connectord/base/json.h"
#include "connectord/base/percent.h"
#include "json_output.h"
#include "written_file.h"

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
  std::vector<std::string> add;
  std::vector<std::string> unset;
  bool yes = false;
};

// What commands are about.
struct Kind {
  std::string_view path;
  tl::expected<Json, std::string> (*read)(const std::string& path, std::istream& in);
  std::optional<WrittenFile> (*written_file)(const Common& common, const Arguments& arguments);
};

constexpr Kind connector_kind{"/api/exchange/connectors", read_connector,
                              [](const Common& common, const Arguments& arguments) {
                                return written_file_of(common, arguments.name, arguments.direction);
                              }};
constexpr Kind rule_kind{"/api/exchange/rules", read_rule, [](const Common& common, const Arguments& arguments) {
                           return written_file_of_rule(common, arguments.name);
                         }};

// What each command needs.
struct Work {
  const Kind& kind;
  const Common& common;
  const Arguments& arguments;
  const Terminal& terminal;

  Answer call(const ApiCall& request) const { return call_api(common, arguments.api, request, terminal); }
};

std::string path_of(const Work& work, const std::string& below = "") {
  const Arguments& arguments = work.arguments;
  // "." alone would be no segment of a path.
  std::string path = std::string(work.kind.path) + "/" + base::percent_encoded(arguments.name) + below;
  if (!arguments.direction.empty()) path += "?direction=" + base::percent_encoded(arguments.direction);
  return path;
}

// The words of the command line put into `connector`.
tl::expected<Json, std::string> with_options(Json connector, const Arguments& arguments) {
  for (const auto& [key, value] : {std::pair("name", arguments.name), std::pair("direction", arguments.direction),
                                   std::pair("scenario", arguments.scenario)}) {
    if (!value.empty()) connector[key] = value;
  }
  return set_keys(connector, arguments.set)
      .and_then([&] { return add_to_lists(connector, arguments.add); })
      .and_then([&] { return unset_keys(connector, arguments.unset); })
      .map([&] { return connector; });
}

Answer create(const Work& work) {
  const Arguments& arguments = work.arguments;
  auto connector = arguments.file.empty() ? tl::expected<Json, std::string>(Json::object())
                                          : work.kind.read(arguments.file, work.terminal.in);
  return connector.and_then([&](Json json) { return with_options(std::move(json), arguments); })
      .and_then([&](const Json& json) {
        return work.call({"POST", std::string(work.kind.path), base::json_text(json)});
      });
}

// Root's own hand in a file that people wrote.
Answer update_written(const Work& work, const WrittenFile& file) {
  const Arguments& arguments = work.arguments;
  const auto change = [&](const Json& before) {
    auto connector = arguments.file.empty() ? tl::expected<Json, std::string>(before)
                                            : work.kind.read(arguments.file, work.terminal.in);
    return connector.and_then([&](Json json) { return with_options(std::move(json), arguments); }).map([&](Json json) {
      for (const char* key : {"name", "direction"}) {
        if (before.contains(key)) json[key] = before[key];
      }
      return json;
    });
  };
  return change_written_file(work.common, file, arguments.name, change, arguments.yes, work.terminal)
      .map([&](std::string note) {
        return ApiAnswer{200, "", Json{{"name", arguments.name}, {"file", file.path}, {"result", note}}, note};
      });
}

Answer update(const Work& work) {
  const Arguments& arguments = work.arguments;
  if (arguments.api.api.empty() && ::geteuid() == 0) {
    const auto file = work.kind.written_file(work.common, arguments);
    if (file) return update_written(work, *file);
  }
  Answer running = work.call({"GET", path_of(work)});
  if (!running) return running;
  auto connector = arguments.file.empty() ? tl::expected<Json, std::string>(running->body)
                                          : work.kind.read(arguments.file, work.terminal.in);
  return connector.and_then([&](Json json) { return with_options(std::move(json), arguments); })
      .and_then([&](const Json& json) {
        return work.call({"PUT", path_of(work), base::json_text(json), running->etag});
      });
}

Answer set_enabled(const Work& work, bool enabled) {
  return work.call({"PUT", path_of(work, "/status"), base::json_text(Json{{"enabled", enabled}})});
}
Answer enable(const Work& work) {
  return set_enabled(work, true);
}
Answer disable(const Work& work) {
  return set_enabled(work, false);
}

Answer remove(const Work& work) {
  Answer running = work.call({"GET", path_of(work)});
  if (!running) return running;
  return work.call({"DELETE", path_of(work), "", running->etag});
}

Status finish(const Work& work, const Answer& answer, std::string_view done) {
  if (!answer) {
    work.terminal.error << "connectorctl: " << answer.error() << '\n';
    return Status::wrong_input;
  }
  if (work.common.json) {
    print_json(answer->body, work.terminal.out);
  } else {
    const std::string reported = text_at(answer->body, "name");
    const std::string name = reported.empty() ? work.arguments.name : reported;
    // What was done in a file that people wrote is reported by itself.
    const bool says_all = answer->body.is_object() && answer->body.contains("result");
    work.terminal.out << name << ": " << (says_all ? "" : done) << (says_all || answer->note.empty() ? "" : "; ")
                      << answer->note << '\n';
  }
  return Status::answered;
}

struct Command {
  const Kind& kind;
  const char* name;
  const char* help;
  const char* done;
  Answer (*run)(const Work&);
};

std::shared_ptr<Arguments> add_command(const CommandLine& line, const Command& what, Subcommand& command) {
  command = line.command(what.name, what.help);
  auto arguments = std::make_shared<Arguments>();
  add_api_options(command, arguments->api);
  if (&what.kind == &connector_kind) {
    command.add_option("--direction", arguments->direction, "inbound or outbound").one_of({"inbound", "outbound"});
  }
  command.callback([line, arguments, what] {
    const Work work{what.kind, line.common, *arguments, line.terminal};
    line.status = finish(work, what.run(work), what.done);
  });
  return arguments;
}

// What the help of the commands says of their kind.
struct Sayings {
  const char* name;  // of the argument
  const char* create;
  const char* update;
  const char* enable;
  const char* disable;
  const char* remove;
  const char* file;
  const char* set;
  const char* add;
  const char* unset;
};

constexpr Sayings of_connectors{"The connector's name",
                                "Make a connector",
                                "Change a connector; for root, in whatever file it stands",
                                "Enable a connector",
                                "Disable a connector",
                                "Delete a connector that create made",
                                "A file with the connector, JSON or TOML; - for standard input",
                                "A key and its value in TOML: require.tls=true; may be given again",
                                "More for a list: identify.sender_domains=contoso.com; may be given again",
                                "A key to leave out: require.tls_version; may be given again"};
constexpr Sayings of_rules{"The rule's name",
                           "Make a transport rule, which goes last where it has no priority",
                           "Change a rule; for root, in whatever file it stands",
                           "Enable a rule",
                           "Disable a rule",
                           "Delete a rule that create made",
                           "A file with the rule, JSON or TOML; - for standard input",
                           "A key and its value in TOML: mode=audit; may be given again",
                           "More for a list: when.subject_words=invoice; may be given again",
                           "A key to leave out: expire_at; may be given again"};

void add_content_options(const Subcommand& command, const Sayings& sayings, Arguments& arguments) {
  command.add_option("--file", arguments.file, sayings.file);
  command.add_option("--set", arguments.set, sayings.set);
}

void add_scenario_option(const Subcommand& command, const Kind& kind, Arguments& arguments) {
  if (&kind == &connector_kind) {
    command.add_option("--scenario", arguments.scenario, "partner, on-premises or internet");
  }
}

void add_commands(const CommandLine& line, const Kind& kind, const Sayings& sayings) {
  Subcommand command = line.app;
  auto arguments = add_command(line, {kind, "create", sayings.create, "created", create}, command);
  command.add_option("name", arguments->name, sayings.name);
  add_content_options(command, sayings, *arguments);
  add_scenario_option(command, kind, *arguments);
  arguments = add_command(line, {kind, "update", sayings.update, "updated", update}, command);
  command.add_option("name", arguments->name, sayings.name).required();
  add_content_options(command, sayings, *arguments);
  add_scenario_option(command, kind, *arguments);
  command.add_option("--add", arguments->add, sayings.add);
  command.add_flag("--yes", arguments->yes, "Change a file that people wrote too; without this, it is only shown");
  command.add_option("--unset", arguments->unset, sayings.unset);
  for (const Command& what : {Command{kind, "enable", sayings.enable, "enabled", enable},
                              Command{kind, "disable", sayings.disable, "disabled", disable},
                              Command{kind, "delete", sayings.remove, "deleted", remove}}) {
    arguments = add_command(line, what, command);
    command.add_option("name", arguments->name, sayings.name).required();
  }
}

}  // namespace

void add_connector_commands(const CommandLine& line) {
  add_commands(line, connector_kind, of_connectors);
}

void add_rule_changes(const CommandLine& line) {
  add_commands(line, rule_kind, of_rules);
}

}  // namespace connectord::ctl
