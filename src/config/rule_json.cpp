#include "connectord/config/rule_json.h"

#include <nlohmann/json.hpp>

#include "tables.h"

namespace connectord::config {

nlohmann::ordered_json to_json(const model::Rule& rule) {
  nlohmann::ordered_json object;
  object["name"] = rule.name;
  object["priority"] = rule.priority;
  object["enabled"] = rule.enabled;
  object["mode"] = model::word_of(rule.mode);
  object.update(write_table(table_for<model::Rule>(), &rule));
  return object;
}

nlohmann::ordered_json summary_json(const model::Rule& rule) {
  nlohmann::ordered_json actions = nlohmann::ordered_json::array();
  for (const model::RuleAction& action : rule.actions) actions.push_back(model::word_of(action.kind));
  if (rule.stop) actions.push_back("stop");
  return {{"name", rule.name},       {"priority", rule.priority},
          {"enabled", rule.enabled}, {"mode", model::word_of(rule.mode)},
          {"stop", rule.stop},       {"actions", std::move(actions)},
          {"comment", rule.comment}};
}

}  // namespace connectord::config
