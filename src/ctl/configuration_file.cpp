#include "configuration_file.h"

#include <ostream>
#include <utility>

namespace connectord::ctl {

session::LoadedPolicy load(const Common& common, session::SecretFiles files) {
  return session::load_policy(common.configuration, session::environment_of_host(), files);
}

void print_problems(const std::vector<model::Problem>& problems, const Terminal& terminal) {
  for (const model::Problem& problem : problems) terminal.error << to_string(problem) << '\n';
}

std::shared_ptr<const engine::Policy> load_or_complain(const Common& common, const Terminal& terminal) {
  session::LoadedPolicy loaded = load(common, session::SecretFiles::leave);
  if (!loaded.policy) print_problems(loaded.problems, terminal);
  return std::move(loaded.policy);
}

}  // namespace connectord::ctl
