// The commands that look at the configuration: check, list, show.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/config/connector_json.h"
#include "connectord/probe/results.h"
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

std::string status_of(const model::InboundConnector& connector) {
  if (!connector.enabled) return "disabled";
  return connector.mode == model::Mode::audit ? "enabled (audit)" : "enabled";
}

std::string status_of(const model::OutboundConnector& connector) {
  return connector.enabled ? "enabled" : "disabled";
}

// "contoso.com, *.contoso.com and 2 more"
std::string first_of(const std::vector<std::string>& texts) {
  constexpr std::size_t shown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(texts.size(), shown); ++i) text += (i > 0 ? ", " : "") + texts[i];
  if (texts.size() > shown) text += " and " + std::to_string(texts.size() - shown) + " more";
  return text;
}

// Sources of an inbound connector, destinations of an outbound one.
std::string domain_of(const model::InboundConnector& connector) {
  std::vector<std::string> sources;
  for (const auto& domain : connector.identify.sender_domains) sources.push_back(domain.to_string());
  for (const auto& network : connector.identify.client_networks) sources.push_back(network.to_string());
  if (connector.identify.certificate) sources.push_back("certificate " + to_string(*connector.identify.certificate));
  return first_of(sources);
}

std::string domain_of(const model::OutboundConnector& connector) {
  std::vector<std::string> destinations;
  for (const auto& domain : connector.recipient_domains) destinations.push_back(domain.to_string());
  std::string text = destinations.empty() ? "*" : first_of(destinations);
  if (!connector.inbound_connectors.empty()) text += " (mail of " + first_of(connector.inbound_connectors) + ")";
  if (connector.rule_scoped) text += " (by rule)";
  return text;
}

std::string tls_of(const model::Require& require) {
  if (!require.tls) return "not required";
  std::string text = "required";
  if (require.tls_version != model::TlsVersion::none) text = std::string(to_string(require.tls_version)) + " or later";
  if (require.certificate) text += ", certificate";
  return text;
}

std::string tls_of(const model::OutboundConnector& connector) {
  if (!connector.tls) return "the mail server's own policy";
  std::string text(to_string(connector.tls->level));
  if (connector.tls->version != model::TlsVersion::none) {
    text += ", " + std::string(to_string(connector.tls->version)) + " or later";
  }
  return text;
}

// The columns of the list, for programs.
template <class Connector>
Json listed(const Connector& connector) {
  const Json whole = config::to_json(connector);
  Json object;
  for (const char* key : {"name", "direction", "scenario"}) object[key] = whole[key];
  object["status"] = connector.enabled ? "enabled" : "disabled";
  return object;
}

// null for a connector that was never validated.
Json to_json(const std::optional<probe::LastResult>& last) {
  if (!last) return {};
  return {{"time", last->time},
          {"result", last->passed ? "passed" : "failed"},
          {"obstacle", last->obstacle},
          {"summary", last->summary}};
}

std::string validated(const std::optional<probe::LastResult>& last) {
  return last ? when_validated(last->time, last->passed) : "never";
}

Json to_list(const model::Configuration& configuration) {
  const probe::Results results(configuration.validation.state);
  Json array = Json::array();
  for (const auto& connector : configuration.inbound) {
    Json object = listed(connector);
    object["mode"] = to_string(connector.mode);
    object["sender"] = domain_of(connector);
    object["tls"] = tls_of(connector.require);
    object["validated"] = to_json(results.find(probe::Direction::inbound, connector.name));
    array.push_back(std::move(object));
  }
  for (const auto& connector : configuration.outbound) {
    Json object = listed(connector);
    object["destination"] = domain_of(connector);
    object["tls"] = tls_of(connector);
    object["validated"] = to_json(results.find(probe::Direction::outbound, connector.name));
    array.push_back(std::move(object));
  }
  return array;
}

void print_value(std::ostream& out, const std::string& key, const Json& value) {
  if (value.is_object()) {
    const std::string prefix = key + ".";
    for (const auto& [inner, item] : value.items()) print_value(out, std::string(prefix).append(inner), item);
    return;
  }
  if (!value.is_array()) {
    out << key << " = " << value.dump() << '\n';
    return;
  }
  out << key << " = [";
  for (std::size_t i = 0; i < value.size(); ++i) out << (i > 0 ? ", " : "") << value[i].dump();
  out << "]\n";
}

Status check(const Common& common, const Terminal& terminal) {
  const session::LoadedPolicy loaded = load(common, session::SecretFiles::read);
  const bool ok = loaded.policy != nullptr;
  if (common.json) {
    Json object{{"ok", ok}, {"problems", Json::array()}};
    for (const model::Problem& problem : loaded.problems) object["problems"].push_back(to_json(problem));
    terminal.out << object.dump(2) << '\n';
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

Status list(const Common& common, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  if (common.json) {
    terminal.out << to_list(configuration).dump(2) << '\n';
    return Status::answered;
  }
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "DIRECTION", "SCENARIO", "STATUS", "TLS", "SENDER DOMAIN/IP OR DESTINATION", "VALIDATED"}};
  const probe::Results results(configuration.validation.state);
  for (const auto& connector : configuration.inbound) {
    rows.push_back({connector.name, "inbound", std::string(to_string(connector.scenario)), status_of(connector),
                    tls_of(connector.require), domain_of(connector),
                    validated(results.find(probe::Direction::inbound, connector.name))});
  }
  for (const auto& connector : configuration.outbound) {
    rows.push_back({connector.name, "outbound", std::string(to_string(connector.scenario)), status_of(connector),
                    tls_of(connector), domain_of(connector),
                    validated(results.find(probe::Direction::outbound, connector.name))});
  }
  write_table(terminal.out, rows);
  return Status::answered;
}

struct Shown {
  Json object;
  model::Location location;
};

// At most one for each direction, which may share a name.
template <class Connector>
void find(const std::vector<Connector>& connectors, const std::string& name, std::vector<Shown>& found) {
  const auto connector =
      std::find_if(connectors.begin(), connectors.end(), [&name](const Connector& c) { return c.name == name; });
  if (connector != connectors.end()) found.push_back({config::to_json(*connector), connector->location});
}

struct ShowArguments {
  std::string name;
  std::string direction;
};

Status show(const Common& common, const ShowArguments& arguments, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  std::vector<Shown> found;
  if (arguments.direction != "outbound") find(configuration.inbound, arguments.name, found);
  if (arguments.direction != "inbound") find(configuration.outbound, arguments.name, found);
  if (found.empty()) {
    terminal.error << "connectorctl: there is no connector \"" << arguments.name << "\"; see: connectorctl list\n";
    return Status::wrong_input;
  }
  if (common.json) {
    Json objects = Json::array();
    for (Shown& shown : found) objects.push_back(std::move(shown.object));
    terminal.out << (objects.size() == 1 ? objects.front() : objects).dump(2) << '\n';
    return Status::answered;
  }
  for (const Shown& shown : found) {
    if (&shown != &found.front()) terminal.out << '\n';
    for (const auto& [key, value] : shown.object.items()) print_value(terminal.out, key, value);
    terminal.out << "# " << to_string(shown.location) << '\n';
  }
  return Status::answered;
}

}  // namespace

void add_configuration_commands(const CommandLine& line) {
  line.command("check", "Check the configuration and tell everything that is wrong with it")->callback([line] {
    line.status = check(line.common, line.terminal);
  });
  line.command("list", "List the connectors")->callback([line] { line.status = list(line.common, line.terminal); });
  CLI::App* show_command = line.command("show", "Show one connector whole");
  const auto arguments = std::make_shared<ShowArguments>();
  show_command->add_option("name", arguments->name, "The connector's name")->required();
  show_command->add_option("--direction", arguments->direction, "inbound or outbound; default: both")
      ->check(CLI::IsMember({"inbound", "outbound"}));
  show_command->callback([line, arguments] { line.status = show(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
