#pragma once

#include <string>

#include "connectord/model/rule.h"

namespace connectord::model {

// The connector that a rule sends mail by; empty where it leaves that to the recipients' domains.
std::string route_of_rule(const Rule& rule);

}  // namespace connectord::model
