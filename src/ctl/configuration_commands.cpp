// The commands that look at the configuration: check, list, show.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/base/display_control.h"
#include "connectord/base/json.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/connector_json.h"
#include "connectord/config/connector_names.h"
#include "connectord/config/connector_summary.h"
#include "connectord/doctor/doctor.h"
#include "connectord/maillog/mail_log_reader.h"
#include "connectord/model/entry_named.h"
#include "connectord/probe/results.h"
#include "finding_text.h"
#include "json_output.h"
#include "running_policy.h"
#include "table.h"
#include "validate_report.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

bool is_error(const model::Problem& problem) {
  return problem.severity == model::Problem::Severity::error;
}

Json to_json(const model::Problem& problem) {
  Json object;
  object["severity"] = is_error(problem) ? "error" : "warning";
  object["file"] = problem.location.file ? *problem.location.file : "";
  object["line"] = problem.location.line;
  object["column"] = problem.location.column;
  object["key"] = problem.key;
  object["message"] = problem.message;
  return object;
}

std::string counted(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string status_of(const config::ConnectorSummary& summary) {
  if (!summary.enabled) return "disabled";
  return summary.audit ? "enabled (audit)" : "enabled";
}

const char* colour_of_state(const config::ConnectorSummary& summary) {
  if (!summary.enabled) return faint;
  return summary.audit ? yellow : nullptr;
}

probe::Direction direction_of(const config::ConnectorSummary& summary) {
  return summary.direction == "inbound" ? probe::Direction::inbound : probe::Direction::outbound;
}

std::string validated(const std::optional<probe::LastResult>& last) {
  return last ? when_validated(last->time, last->passed) : "never";
}

// All connectors, inbound ones first.
std::vector<config::ConnectorSummary> summaries(const model::Configuration& configuration) {
  std::vector<config::ConnectorSummary> all;
  for (const auto& connector : configuration.inbound) all.push_back(config::summarize(connector));
  for (const auto& connector : configuration.outbound) all.push_back(config::summarize(connector));
  return all;
}

void print_value(std::ostream& out, const std::string& key, const Json& value) {
  if (value.is_object()) {
    const std::string prefix = key + ".";
    for (const auto& [inner, item] : value.items()) print_value(out, std::string(prefix).append(inner), item);
    return;
  }
  if (!value.is_array()) {
    out << key << " = " << base::escape_display_controls(base::json_text(value)) << '\n';
    return;
  }
  out << key << " = [";
  for (std::size_t i = 0; i < value.size(); ++i)
    out << (i > 0 ? ", " : "") << base::escape_display_controls(base::json_text(value[i]));
  out << "]\n";
}

// The log may be there already or come later, so this is no error.
void check_mail_log(runtime::LoadedPolicy& loaded, const std::string& file) {
  const auto& trace = loaded.policy->configuration().trace;
  if (!trace || trace->mail_log.empty()) return;
  const auto readable = maillog::check_mail_log(trace->mail_log);
  if (readable) return;
  model::Problem warning;
  warning.location.file = std::make_shared<const std::string>(file);
  warning.key = "trace.mail_log";
  warning.message = "cannot be read: " + readable.error();
  warning.severity = model::Problem::Severity::warning;
  loaded.problems.push_back(std::move(warning));
}

// DNS may be another one when connectord runs, so this is no error.
void check_resolver(runtime::LoadedPolicy& loaded, const std::string& file) {
  model::Problem warning;
  warning.message = doctor::problem_with_dane(loaded.policy->configuration());
  if (warning.message.empty()) return;
  warning.location.file = std::make_shared<const std::string>(file);
  warning.key = "dns.servers";
  warning.severity = model::Problem::Severity::warning;
  loaded.problems.push_back(std::move(warning));
}

Status check(const Common& common, const Terminal& terminal) {
  runtime::LoadedPolicy loaded = load(common, runtime::SecretFiles::read);
  const bool ok = loaded.policy != nullptr;
  if (ok) {
    check_mail_log(loaded, common.configuration);
    check_resolver(loaded, common.configuration);
  }
  if (common.json) {
    Json object{{"ok", ok}, {"problems", Json::array()}};
    for (const model::Problem& problem : loaded.problems) object["problems"].push_back(to_json(problem));
    print_json(object, terminal.out);
    return ok ? Status::answered : Status::wrong_input;
  }
  print_problems(loaded.problems, terminal);
  const auto errors = static_cast<std::size_t>(std::count_if(loaded.problems.begin(), loaded.problems.end(), is_error));
  const std::size_t warnings = loaded.problems.size() - errors;
  if (!ok) {
    terminal.error << common.configuration << ": " << counted(errors, "error") << ", " << counted(warnings, "warning")
                   << "; the running configuration is not changed\n";
    return Status::wrong_input;
  }
  terminal.out << common.configuration << ": good, "
               << counted(loaded.policy->configuration().inbound.size(), "inbound connector") << ", "
               << counted(loaded.policy->configuration().outbound.size(), "outbound connector") << ", "
               << counted(warnings, "warning") << '\n';
  return Status::answered;
}

Status list(const Common& common, bool file_only, const Terminal& terminal) {
  const auto policy = running_or_complain(common, file_only, terminal);
  if (!policy) return Status::wrong_input;
  const auto connectors = summaries(policy->configuration());
  const auto last_result = probe::Results(policy->configuration().validation.state).finder();
  if (common.json) {
    Json array = Json::array();
    for (const auto& summary : connectors) {
      Json object = config::to_json(summary);
      object["validated"] = probe::to_json(last_result(direction_of(summary), summary.name));
      array.push_back(std::move(object));
    }
    print_json(array, terminal.out);
    return Status::answered;
  }
  Table table({{"NAME"},
               {"DIRECTION"},
               {"SCENARIO", true},
               {"STATUS"},
               {"TLS"},
               {"SENDER DOMAIN/IP OR DESTINATION"},
               {"VALIDATED", true}});
  for (const auto& summary : connectors) {
    const auto last = last_result(direction_of(summary), summary.name);
    table.add({std::string(summary.name),
               std::string(summary.direction),
               std::string(summary.scenario),
               {status_of(summary), colour_of_state(summary)},
               summary.tls,
               summary.far_side,
               {validated(last), last && !last->passed ? red : nullptr}});
  }
  table.print(terminal);
  return Status::answered;
}

struct Shown {
  Json object;
  model::Location location;
};

// At most one for each direction, which may share a name.
template <class Connector>
void find(const std::vector<Connector>& connectors, const std::string& name, std::vector<Shown>& found) {
  const Connector* connector = model::entry_named(connectors, name);
  if (connector != nullptr) found.push_back({config::to_json(*connector), connector->location});
}

struct ShowArguments {
  std::string name;
  std::string direction;
  bool file_only = false;
  bool toml = false;
};

Status show(const Common& common, const ShowArguments& arguments, const Terminal& terminal) {
  const auto policy = running_or_complain(common, arguments.file_only, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  std::vector<Shown> found;
  if (arguments.direction != "outbound") find(configuration.inbound, arguments.name, found);
  if (arguments.direction != "inbound") find(configuration.outbound, arguments.name, found);
  if (found.empty()) {
    terminal.error << "connectorctl: " << config::no_connector(arguments.name, config::connector_names(configuration))
                   << '\n';
    return Status::wrong_input;
  }
  if (common.json) {
    Json objects = Json::array();
    for (Shown& shown : found) objects.push_back(std::move(shown.object));
    print_json(objects.size() == 1 ? objects.front() : objects, terminal.out);
    return Status::answered;
  }
  for (const Shown& shown : found) {
    if (&shown != &found.front()) terminal.out << '\n';
    if (arguments.toml) {
      terminal.out << config::connector_toml(shown.object).value_or("");
      continue;
    }
    for (const auto& [key, value] : shown.object.items()) print_value(terminal.out, key, value);
    terminal.out << "# " << to_string(shown.location) << '\n';
  }
  return Status::answered;
}

}  // namespace

void add_configuration_commands(const CommandLine& line) {
  line.command("check", "Check the configuration and tell everything that is wrong with it").callback([line] {
    line.status = check(line.common, line.terminal);
  });
  const Subcommand list_command = line.command("list", "List the connectors that run");
  const auto file_only = std::make_shared<bool>(false);
  add_file_only_option(list_command, *file_only);
  list_command.callback([line, file_only] { line.status = list(line.common, *file_only, line.terminal); });
  const Subcommand show_command = line.command("show", "Show one connector whole, as it runs");
  const auto arguments = std::make_shared<ShowArguments>();
  show_command.add_option("name", arguments->name, "The connector's name").required();
  show_command.add_option("--direction", arguments->direction, "inbound or outbound; default: both")
      .one_of({"inbound", "outbound"});
  show_command.add_flag("--toml", arguments->toml,
                        "Print it as a file has it, for backtest --connector or create --file");
  add_file_only_option(show_command, arguments->file_only);
  show_command.callback([line, arguments] {
    line.keep_lines();
    line.status = show(line.common, *arguments, line.terminal);
  });
}

}  // namespace connectord::ctl
