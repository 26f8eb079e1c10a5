// import exchange: connectors of Exchange Online as connectors of ours.
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <sstream>
#include <system_error>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/base/display_control.h"
#include "connectord/base/files.h"
#include "connectord/base/text.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/secret_file.h"
#include "connectord/exchange/exchange.h"
#include "expected.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct ImportArguments {
  std::string file;
  std::string output;
};

// One connector, and what it is here.
struct Translated {
  exchange::ImportedConnector imported;
  std::string toml;
};

Expected<std::string> read_whole(const std::string& path) {
  return base::read_file(path).map_error([&path](const std::error_code&) { return "cannot read " + path; });
}

std::vector<std::string> accepted_domains(const model::Configuration& configuration) {
  std::vector<std::string> domains;
  for (const auto& domain : configuration.organization.accepted_domains) domains.push_back(domain.to_string());
  return domains;
}

// A configuration that lacks nothing but connectors.
std::string server_table() {
  return "[server]\nmilter = \"unix:/run/connectord/milter.sock\"\npolicy = \"unix:/run/connectord/policy.sock\"\n"
         "socketmap = \"unix:/run/connectord/socketmap.sock\"\n";
}

std::string errors_of(const std::vector<model::Problem>& problems) {
  std::string text;
  for (const model::Problem& problem : problems) {
    if (problem.severity != model::Problem::Severity::error) continue;
    text += (text.empty() ? "" : "\n  ") + problem.key + ": " + problem.message;
  }
  return text;
}

// By the code that reads every configuration. What would be no good there is written all the same, as a comment.
Expected<Translated> translate(exchange::ImportedConnector imported, model::Configuration& all) {
  if (imported.connector.is_null()) return Translated{std::move(imported), {}};
  auto toml = config::connector_toml(imported.connector);
  if (!toml) {
    return tl::unexpected("\"" + base::printable(imported.name) + "\": " + toml.error().key + ": " +
                          toml.error().message);
  }
  config::Loaded loaded = config::parse(server_table() + *toml, "import", runtime::environment_of_host());
  if (!loaded.ok() && imported.obstacle.empty()) imported.obstacle = errors_of(loaded.problems);
  if (imported.obstacle.empty()) {
    auto& found = loaded.configuration;
    all.inbound.insert(all.inbound.end(), found.inbound.begin(), found.inbound.end());
    all.outbound.insert(all.outbound.end(), found.outbound.begin(), found.outbound.end());
  }
  return Translated{std::move(imported), std::move(*toml)};
}

template <class Connector>
std::string double_name(const std::vector<Connector>& connectors) {
  std::vector<std::string> names;
  names.reserve(connectors.size());
  for (const Connector& connector : connectors) names.push_back(connector.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  return twice == names.end() ? "" : *twice;
}

// Beside each other, and beside those that there are.
Expected<void> check_together(model::Configuration all) {
  for (const std::string& name : {double_name(all.inbound), double_name(all.outbound)}) {
    if (!name.empty()) return tl::unexpected("there would be two connectors \"" + name + "\" of one direction");
  }
  const auto compiled = engine::Policy::compile(std::move(all));
  if (!compiled.policy) return tl::unexpected("the connectors do not go together:\n  " + errors_of(compiled.problems));
  return {};
}

std::size_t count_unwritten(const std::vector<Translated>& connectors) {
  return static_cast<std::size_t>(std::count_if(
      connectors.begin(), connectors.end(), [](const Translated& each) { return !each.imported.obstacle.empty(); }));
}

// A line for each that cannot be a connector here.
std::string obstacles_of(const std::vector<Translated>& connectors) {
  std::string text;
  for (std::size_t i = 0; i < connectors.size(); ++i) {
    const exchange::ImportedConnector& one = connectors[i].imported;
    if (one.obstacle.empty()) continue;
    text += "\n  connector " + std::to_string(i + 1) + ": ";
    if (!one.name.empty()) text += "\"" + base::printable(one.name) + "\": ";
    text += one.obstacle;
  }
  return text;
}

// Each of its lines; no character in it may end one.
std::string as_comment(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return base::is_control(c) && c != '\n'; }, ' ');
  std::istringstream lines(text);
  std::string commented;
  for (std::string line; std::getline(lines, line);) commented += "# " + line + "\n";
  return commented;
}

Expected<std::vector<Translated>> import_file(const std::string& path, const model::Configuration& configuration) {
  const auto text = read_whole(path);
  if (!text) return tl::unexpected(text.error());
  auto imported = exchange::read_exchange(*text, accepted_domains(configuration));
  if (!imported) return tl::unexpected(path + " " + imported.error());
  std::vector<Translated> all;
  model::Configuration together = configuration;
  for (exchange::ImportedConnector& each : *imported) {
    auto translated = translate(std::move(each), together);
    if (!translated) return tl::unexpected(translated.error());
    all.push_back(std::move(*translated));
  }
  if (count_unwritten(all) == all.size()) return tl::unexpected("none can be a connector here:" + obstacles_of(all));
  if (auto good = check_together(std::move(together)); !good) return tl::unexpected(good.error());
  return all;
}

void write_toml(std::ostream& out, const std::vector<Translated>& connectors) {
  constexpr std::size_t max_value = 200;
  constexpr std::size_t fate_width = 9;
  out << "# Imported from Exchange. What became of each property stands above each connector; \"by hand\" has no "
         "equal\n"
         "# here, and is not done.\n";
  for (const Translated& each : connectors) {
    out << "\n# " << base::printable(each.imported.name, max_value) << '\n';
    for (const std::string& warning : each.imported.warnings) out << "# WARNING: " << warning << '\n';
    for (const exchange::ImportedProperty& property : each.imported.properties) {
      std::string fate(to_string(property.fate));
      fate.resize(fate_width, ' ');
      out << "#   " << fate << base::printable(property.name) << ' ' << base::printable(property.value, max_value)
          << ": " << property.words << '\n';
    }
    if (each.imported.obstacle.empty()) {
      out << each.toml;
    } else {
      out << as_comment("NOT WRITTEN, since it cannot be a connector here: " + each.imported.obstacle)
          << as_comment(each.toml);
    }
  }
}

Json to_json(const Translated& each) {
  Json object{{"exchange_name", each.imported.name}, {"connector", each.imported.connector}, {"toml", each.toml}};
  object["properties"] = Json::array();
  for (const exchange::ImportedProperty& property : each.imported.properties) {
    object["properties"].push_back({{"name", property.name},
                                    {"value", property.value},
                                    {"fate", to_string(property.fate)},
                                    {"words", property.words}});
  }
  object["warnings"] = each.imported.warnings;
  if (!each.imported.obstacle.empty()) object["problem"] = each.imported.obstacle;
  return object;
}

// For the group of the user that connectord becomes, which must read it.
Expected<void> write_new_file(const std::string& path, const std::string& text, const std::string& server_user) {
  base::FileRights rights{.mode = 0640};
  const auto reader = config::reader_of_secrets(server_user);
  if (::geteuid() == 0 && reader) {
    rights.owner = 0;
    rights.group = reader->gid;
  }
  return base::create_file(path, text, rights).map_error([&path](const std::error_code& error) {
    return path + ": " + std::generic_category().message(error.value());
  });
}

// What a person should look at, in a line.
std::string summary_of(const std::vector<Translated>& connectors) {
  std::size_t by_hand = 0;
  std::size_t warnings = 0;
  for (const Translated& each : connectors) {
    warnings += each.imported.warnings.size();
    by_hand += static_cast<std::size_t>(std::count_if(
        each.imported.properties.begin(), each.imported.properties.end(),
        [](const exchange::ImportedProperty& property) { return property.fate == exchange::Fate::by_hand; }));
  }
  const auto counted = [](std::size_t number, const char* one, const char* many) {
    return std::to_string(number) + (number == 1 ? one : many);
  };
  return counted(connectors.size(), " connector, ", " connectors, ") +
         counted(by_hand, " property to be done by hand, ", " properties to be done by hand, ") +
         counted(warnings, " warning", " warnings");
}

Status run_import(const Common& common, const ImportArguments& arguments, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const auto connectors = import_file(arguments.file, policy->configuration());
  const std::string& server_user = policy->configuration().server.user;
  std::ostringstream toml;
  if (connectors) write_toml(toml, *connectors);
  const Expected<void> written = !connectors                ? tl::unexpected(connectors.error())
                                 : arguments.output.empty() ? Expected<void>()
                                                            : write_new_file(arguments.output, toml.str(), server_user);
  if (!written) {
    terminal.error << "connectorctl: " << written.error() << "\nnothing was written\n";
    return Status::wrong_input;
  }
  if (common.json) {
    Json list = Json::array();
    for (const Translated& each : *connectors) list.push_back(to_json(each));
    terminal.out << base::escape_display_controls(
                        Json{{"connectors", std::move(list)}}.dump(2, ' ', false, Json::error_handler_t::replace))
                 << '\n';
  } else if (arguments.output.empty()) {
    terminal.out << toml.str();
  }
  terminal.error << "connectorctl: " << summary_of(*connectors) << '\n';
  if (count_unwritten(*connectors) == 0) return Status::answered;
  terminal.error << "not written, but as a comment:" << obstacles_of(*connectors) << '\n';
  return Status::not_passed;
}

}  // namespace

void add_import_commands(const CommandLine& line) {
  const Subcommand command =
      line.group("import", "Connectors of other systems")
          .command("exchange",
                   "Print what Get-InboundConnector or Get-OutboundConnector | ConvertTo-Json says as TOML");
  const auto arguments = std::make_shared<ImportArguments>();
  command.add_option("file", arguments->file, "The JSON file").required();
  command.add_option("--output", arguments->output, "Write the TOML to this file, which must not be there yet");
  command.callback([line, arguments] { line.status = run_import(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
