// The commands that look at the configuration: check, list, show.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/config/connector_json.h"
#include "table.h"

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

// "contoso.com, *.contoso.com and 2 more"
std::string sources_of(const model::InboundConnector& connector) {
  constexpr std::size_t shown = 3;
  std::vector<std::string> sources;
  for (const auto& domain : connector.identify.sender_domains) sources.push_back(domain.to_string());
  for (const auto& network : connector.identify.client_networks) sources.push_back(network.to_string());
  if (connector.identify.certificate) sources.push_back("certificate " + to_string(*connector.identify.certificate));
  std::string text;
  for (std::size_t i = 0; i < std::min(sources.size(), shown); ++i) text += (i > 0 ? ", " : "") + sources[i];
  if (sources.size() > shown) text += " and " + std::to_string(sources.size() - shown) + " more";
  return text;
}

std::string tls_of(const model::Require& require) {
  if (!require.tls) return "not required";
  std::string text = "required";
  if (require.tls_version != model::TlsVersion::none) text = std::string(to_string(require.tls_version)) + " or later";
  if (require.certificate) text += ", certificate";
  return text;
}

Json listed(const model::InboundConnector& connector) {
  const Json whole = config::to_json(connector);
  Json object;
  for (const char* key : {"name", "direction", "scenario"}) object[key] = whole[key];
  object["status"] = connector.enabled ? "enabled" : "disabled";
  object["mode"] = whole["mode"];
  object["sender"] = sources_of(connector);
  object["tls"] = tls_of(connector.require);
  return object;
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
               << counted(warnings, "warning") << '\n';
  return Status::answered;
}

Status list(const Common& common, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const auto& connectors = policy->configuration().inbound;
  if (common.json) {
    Json array = Json::array();
    for (const auto& connector : connectors) array.push_back(listed(connector));
    terminal.out << array.dump(2) << '\n';
    return Status::answered;
  }
  std::vector<std::vector<std::string>> rows = {{"NAME", "DIRECTION", "SCENARIO", "STATUS", "TLS", "SENDER DOMAIN/IP"}};
  for (const auto& connector : connectors) {
    rows.push_back({connector.name, "inbound", std::string(to_string(connector.scenario)), status_of(connector),
                    tls_of(connector.require), sources_of(connector)});
  }
  write_table(terminal.out, rows);
  return Status::answered;
}

Status show(const Common& common, const std::string& name, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const auto& connectors = policy->configuration().inbound;
  const auto found = std::find_if(connectors.begin(), connectors.end(),
                                  [&name](const auto& connector) { return connector.name == name; });
  if (found == connectors.end()) {
    terminal.error << "connectorctl: there is no connector \"" << name << "\"; see: connectorctl list\n";
    return Status::wrong_input;
  }
  const Json object = config::to_json(*found);
  if (common.json) {
    terminal.out << object.dump(2) << '\n';
    return Status::answered;
  }
  for (const auto& [key, value] : object.items()) print_value(terminal.out, key, value);
  terminal.out << "# " << to_string(found->location) << '\n';
  return Status::answered;
}

}  // namespace

void add_configuration_commands(const CommandLine& line) {
  line.command("check", "Check the configuration and tell everything that is wrong with it")->callback([line] {
    line.status = check(line.common, line.terminal);
  });
  line.command("list", "List the connectors")->callback([line] { line.status = list(line.common, line.terminal); });
  CLI::App* show_command = line.command("show", "Show one connector whole");
  const auto name = std::make_shared<std::string>();
  show_command->add_option("name", *name, "The connector's name")->required();
  show_command->callback([line, name] { line.status = show(line.common, *name, line.terminal); });
}

}  // namespace connectord::ctl
