#include "connectord/session/load_policy.h"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace connectord::session {

LoadedPolicy load_policy(const std::string& path, const config::Environment& environment) {
  config::Loaded loaded = config::load(path, environment);
  const bool ok = loaded.ok();
  // Also where a file has errors: what its sound connectors say against each other is worth knowing in the same go.
  auto compiled = engine::Policy::compile(std::move(loaded.configuration));
  LoadedPolicy result{ok ? std::move(compiled.policy) : nullptr, std::move(loaded.problems)};
  result.problems.insert(result.problems.end(), std::make_move_iterator(compiled.problems.begin()),
                         std::make_move_iterator(compiled.problems.end()));
  return result;
}

config::Environment environment_of_host() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {"localhost"};
  return {name.data()};
}

}  // namespace connectord::session
