#include "configuration_file.h"

#include <ostream>
#include <utility>

namespace connectord::ctl {

runtime::LoadedPolicy load(const Common& common, runtime::SecretFiles files) {
  return runtime::load_policy(common.configuration, runtime::environment_of_host(), files);
}

void print_problems(const std::vector<model::Problem>& problems, const Terminal& terminal) {
  for (const model::Problem& problem : problems) terminal.error << to_string(problem) << '\n';
}

runtime::LoadedPolicy load_all_or_complain(const Common& common, const Terminal& terminal) {
  runtime::LoadedPolicy loaded = load(common, runtime::SecretFiles::leave);
  if (!loaded.policy) print_problems(loaded.problems, terminal);
  return loaded;
}

std::shared_ptr<const engine::Policy> load_or_complain(const Common& common, const Terminal& terminal) {
  return load_all_or_complain(common, terminal).policy;
}

}  // namespace connectord::ctl
