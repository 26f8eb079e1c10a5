#include "connectord/model/rule_route.h"

namespace connectord::model {

std::string route_of_rule(const Rule& rule) {
  for (const RuleAction& action : rule.actions) {
    if (action.kind == RuleActionKind::route) return action.connector;
  }
  return {};
}

}  // namespace connectord::model
