#include "import_report.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <set>
#include <sstream>
#include <utility>

#include "configuration_file.h"
#include "connectord/base/text.h"
#include "connectord/config/connector_files.h"
#include "json_output.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

// A configuration that lacks nothing but connectors.
std::string server_table() {
  return "[server]\nmilter = \"unix:/run/connectord/milter.sock\"\npolicy = \"unix:/run/connectord/policy.sock\"\n"
         "socketmap = \"unix:/run/connectord/socketmap.sock\"\n";
}

// What a rule refers to: our own domains, and the connectors that it routes by.
std::string surroundings_of(const Json& rule, const model::Configuration& configuration) {
  std::string text;
  for (const std::string& domain : accepted_domains(configuration))
    text += (text.empty() ? "\"" : ", \"") + domain + '"';
  if (!text.empty()) text = "[organization]\naccepted_domains = [" + text + "]\n";
  std::set<std::string> named;
  for (const Json& action : rule.value("action", Json::array())) named.insert(action.value("connector", ""));
  for (const model::OutboundConnector& connector : configuration.outbound) {
    if (!named.contains(connector.name)) continue;
    text += "[[outbound]]\nname = \"" + connector.name +
            "\"\nscenario = \"internet\"\nrule_scoped = " + (connector.rule_scoped ? "true" : "false") +
            "\nenabled = " + (connector.enabled ? "true" : "false") + "\nrecipient_domains = [\"*\"]\n";
  }
  return text;
}

// Behind the rules that there are, each number once.
void put_last(Json& rule, const model::Configuration& all, std::int32_t behind) {
  auto priority = rule["priority"].get<std::int64_t>() + behind;
  const auto is_taken = [&] {
    return std::any_of(all.rules.begin(), all.rules.end(),
                       [&](const model::Rule& one) { return one.priority == priority; });
  };
  while (is_taken()) ++priority;
  rule["priority"] = priority;
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
Expected<Translated> translate(config::ImportedConnector imported, model::Configuration& all, std::int32_t behind) {
  if (imported.connector.is_null()) return Translated{std::move(imported), {}};
  const bool is_rule = imported.table == "rule";
  if (is_rule) put_last(imported.connector, all, behind);
  auto toml = config::entry_toml(imported.connector, imported.table);
  if (!toml) {
    return tl::unexpected("\"" + base::printable(imported.name) + "\": " + toml.error().key + ": " +
                          toml.error().message);
  }
  const std::string around = server_table() + (is_rule ? surroundings_of(imported.connector, all) : "");
  config::Loaded loaded = config::parse(around + *toml, "import", runtime::environment_of_host());
  if (!loaded.ok() && imported.obstacle.empty()) imported.obstacle = errors_of(loaded.problems);
  if (imported.obstacle.empty()) {
    auto& found = loaded.configuration;
    all.rules.insert(all.rules.end(), found.rules.begin(), found.rules.end());
    if (is_rule) return Translated{std::move(imported), std::move(*toml)};
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
  if (const std::string name = double_name(all.rules); !name.empty()) {
    return tl::unexpected("there would be two rules \"" + base::printable(name) + "\"");
  }
  const auto compiled = engine::Policy::compile(std::move(all));
  if (!compiled.policy) return tl::unexpected("they do not go together:\n  " + errors_of(compiled.problems));
  return {};
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

Json described(const std::vector<config::ImportedProperty>& properties) {
  Json list = Json::array();
  for (const config::ImportedProperty& property : properties) {
    list.push_back({{"name", property.name},
                    {"value", property.value},
                    {"fate", to_string(property.fate)},
                    {"words", property.words}});
  }
  return list;
}

}  // namespace

std::vector<std::string> accepted_domains(const model::Configuration& configuration) {
  std::vector<std::string> domains;
  for (const auto& domain : configuration.organization.accepted_domains) domains.push_back(domain.to_string());
  return domains;
}

std::size_t count_unwritten(const std::vector<Translated>& connectors) {
  return static_cast<std::size_t>(std::count_if(
      connectors.begin(), connectors.end(), [](const Translated& each) { return !each.imported.obstacle.empty(); }));
}

std::string obstacles_of(const std::vector<Translated>& connectors) {
  std::string text;
  for (std::size_t i = 0; i < connectors.size(); ++i) {
    const config::ImportedConnector& one = connectors[i].imported;
    if (one.obstacle.empty()) continue;
    text += (one.table == "rule" ? "\n  rule " : "\n  connector ") + std::to_string(i + 1) + ": ";
    if (!one.name.empty()) text += "\"" + base::printable(one.name) + "\": ";
    text += one.obstacle;
  }
  return text;
}

Expected<std::vector<Translated>> translate_all(std::vector<config::ImportedConnector> imported,
                                                const model::Configuration& configuration) {
  std::vector<Translated> all;
  model::Configuration together = configuration;
  std::int32_t behind = 0;
  for (const model::Rule& rule : configuration.rules) behind = std::max(behind, rule.priority + 1);
  for (config::ImportedConnector& each : imported) {
    auto translated = translate(std::move(each), together, behind);
    if (!translated) return tl::unexpected(translated.error());
    all.push_back(std::move(*translated));
  }
  if (count_unwritten(all) == all.size()) return tl::unexpected("none can be taken here:" + obstacles_of(all));
  if (auto good = check_together(std::move(together)); !good) return tl::unexpected(good.error());
  return all;
}

void write_toml(std::ostream& out, std::string_view heading, const std::vector<Translated>& connectors) {
  constexpr std::size_t max_value = 200;
  constexpr std::size_t fate_width = 9;
  out << heading;
  for (const Translated& each : connectors) {
    out << "\n# " << base::printable(each.imported.name, max_value) << '\n';
    for (const std::string& warning : each.imported.warnings) out << "# WARNING: " << warning << '\n';
    for (const config::ImportedProperty& property : each.imported.properties) {
      std::string fate(to_string(property.fate));
      fate.resize(fate_width, ' ');
      out << "#   " << fate << base::printable(property.name) << ' ' << base::printable(property.value, max_value)
          << ": " << property.words << '\n';
    }
    if (each.imported.obstacle.empty()) {
      out << each.toml;
    } else {
      out << as_comment("NOT WRITTEN, since it cannot be taken here: " + each.imported.obstacle)
          << as_comment(each.toml);
    }
  }
}

nlohmann::ordered_json to_json(const Translated& each, const std::string& name_key) {
  const char* kind = each.imported.table == "rule" ? "rule" : "connector";
  Json object{{name_key, each.imported.name}, {kind, each.imported.connector}, {"toml", each.toml}};
  object["properties"] = described(each.imported.properties);
  object["warnings"] = each.imported.warnings;
  if (!each.imported.obstacle.empty()) object["problem"] = each.imported.obstacle;
  return object;
}

// What a person should look at, in a line.
std::string summary_of(const std::vector<Translated>& connectors) {
  std::size_t by_hand = 0;
  std::size_t warnings = 0;
  for (const Translated& each : connectors) {
    warnings += each.imported.warnings.size();
    by_hand += static_cast<std::size_t>(
        std::count_if(each.imported.properties.begin(), each.imported.properties.end(),
                      [](const config::ImportedProperty& property) { return property.fate == config::Fate::by_hand; }));
  }
  const auto counted = [](std::size_t number, const char* one, const char* many) {
    return std::to_string(number) + (number == 1 ? one : many);
  };
  const auto rules = static_cast<std::size_t>(std::count_if(
      connectors.begin(), connectors.end(), [](const Translated& each) { return each.imported.table == "rule"; }));
  const auto neither =
      static_cast<std::size_t>(std::count_if(connectors.begin(), connectors.end(), [](const Translated& each) {
        return each.imported.connector.is_null() && each.imported.obstacle.empty();
      }));
  const std::size_t others = connectors.size() - rules - neither;
  return (rules > 0 && others == 0 ? std::string() : counted(others, " connector, ", " connectors, ")) +
         (rules > 0 ? counted(rules, " rule, ", " rules, ") : std::string()) +
         counted(by_hand, " property to be done by hand, ", " properties to be done by hand, ") +
         counted(warnings, " warning", " warnings");
}

}  // namespace connectord::ctl
