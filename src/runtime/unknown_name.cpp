#include "connectord/runtime/unknown_name.h"

#include <algorithm>
#include <iterator>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/config/connector_names.h"
#include "connectord/config/rule_names.h"

namespace connectord::runtime {
namespace {

using Names = std::vector<std::string>;

std::string problem_with(const std::string& name, tl::expected<Names, std::string> in_trace, Names configured,
                         std::string (*words_for)(const std::string&, const Names&)) {
  if (!in_trace) return "";
  Names& all = *in_trace;
  std::move(configured.begin(), configured.end(), std::back_inserter(all));
  const auto is_it = [&name](const std::string& one) { return base::equals_ignoring_case(one, name); };
  return std::any_of(all.begin(), all.end(), is_it) ? "" : words_for(name, all);
}

}  // namespace

std::string problem_with_connector(trace::Archive& archive, const std::string& connector,
                                   const model::Configuration& configuration) {
  if (connector.empty() || connector == "none") return "";
  return problem_with(connector, archive.connectors(), config::connector_names(configuration), config::no_connector);
}

std::string problem_with_rule(trace::Archive& archive, const std::string& rule,
                              const model::Configuration& configuration) {
  if (rule.empty()) return "";
  return problem_with(rule, archive.rules(), config::rule_names(configuration), config::no_rule);
}

}  // namespace connectord::runtime
