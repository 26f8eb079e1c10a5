#include "connectord/config/connector_names.h"

#include <algorithm>

#include "no_such.h"
#include "quote.h"

namespace connectord::config {

std::vector<std::string> connector_names(const model::Configuration& configuration) {
  std::vector<std::string> names;
  names.reserve(configuration.inbound.size() + configuration.outbound.size());
  for (const auto& connector : configuration.inbound) names.push_back(connector.name);
  for (const auto& connector : configuration.outbound) names.push_back(connector.name);
  return names;
}

std::string no_connector(const std::string& name, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return "connector " + in_quotes(name) + " is of the other direction; leave the direction out";
  }
  return no_such("connector", name, names, "connectorctl list");
}

}  // namespace connectord::config
