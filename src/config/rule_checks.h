#pragma once

#include "reader.h"

// What must fit together within the tables of one rule; see table_checks.h.
namespace connectord::config {

// That it says which mail it is for, and that its actions go together.
void check_rule(Reader& reader, const toml::table& table, const model::Rule& rule);
void check_conditions(Reader& reader, const toml::table& table, const model::RuleConditions& conditions);
// That it has what its kind needs, and nothing else.
void check_action(Reader& reader, const toml::table& table, const model::RuleAction& action);

}  // namespace connectord::config
