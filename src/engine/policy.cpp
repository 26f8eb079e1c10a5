#include "connectord/engine/policy.h"

#include <algorithm>
#include <utility>

#include "conflicts.h"
#include "connectord/engine/index.h"

namespace connectord::engine {

Policy::Policy(model::Configuration configuration, std::unique_ptr<const Index> index)
    : configuration_(std::move(configuration)), index_(std::move(index)) {}

Policy::~Policy() = default;

const model::InboundConnector* Policy::find(std::string_view name) const {
  const auto number = index_->named(name);
  return number ? &configuration_.inbound[*number] : nullptr;
}

Policy::Compiled Policy::compile(model::Configuration configuration) {
  Compiled compiled;
  compiled.problems = find_conflicts(configuration.inbound);
  const bool failed = std::any_of(compiled.problems.begin(), compiled.problems.end(), [](const auto& problem) {
    return problem.severity == model::Problem::Severity::error;
  });
  if (failed) return compiled;
  auto index = std::make_unique<const Index>(configuration.inbound);
  compiled.policy = std::make_shared<const Policy>(std::move(configuration), std::move(index));
  return compiled;
}

}  // namespace connectord::engine
