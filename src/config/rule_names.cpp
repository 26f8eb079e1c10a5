#include "connectord/config/rule_names.h"

#include "no_such.h"

namespace connectord::config {

std::vector<std::string> rule_names(const model::Configuration& configuration) {
  std::vector<std::string> names;
  names.reserve(configuration.rules.size());
  for (const model::Rule& rule : configuration.rules) names.push_back(rule.name);
  return names;
}

std::string no_rule(const std::string& name, const std::vector<std::string>& names) {
  return no_such("rule", name, names, "connectorctl rule list");
}

}  // namespace connectord::config
