#include "connectord/engine/policy.h"

#include <algorithm>
#include <utility>

#include "conflicts.h"
#include "connectord/engine/index.h"
#include "connectord/engine/outbound_index.h"
#include "connectord/engine/rule_book.h"
#include "outbound_conflicts.h"

namespace connectord::engine {

Policy::Policy(model::Configuration configuration)
    : configuration_(std::move(configuration)),
      index_(std::make_unique<const Index>(configuration_)),
      outbound_(std::make_unique<const OutboundIndex>(configuration_)),
      rules_(std::make_unique<const RuleBook>(configuration_)) {}

Policy::~Policy() = default;

const model::InboundConnector* Policy::find(std::string_view name) const {
  const auto number = index_->named(name);
  return number ? &configuration_.inbound[*number] : nullptr;
}

Policy::Compiled Policy::compile(model::Configuration configuration) {
  Compiled compiled;
  compiled.problems = find_conflicts(configuration.inbound);
  find_outbound_conflicts(configuration, compiled.problems);
  const bool failed = std::any_of(compiled.problems.begin(), compiled.problems.end(), [](const auto& problem) {
    return problem.severity == model::Problem::Severity::error;
  });
  if (failed) return compiled;
  compiled.policy = std::make_shared<const Policy>(std::move(configuration));
  if (const std::string& problem = compiled.policy->rules().problem(); !problem.empty()) {
    compiled.problems.push_back(
        {compiled.policy->configuration().rules.front().location, "rule", problem, model::Problem::Severity::error});
    compiled.policy.reset();
  }
  return compiled;
}

}  // namespace connectord::engine
