#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/config/load.h"
#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"

namespace connectord::session {

struct LoadedPolicy {
  std::shared_ptr<const engine::Policy> policy;  // nullptr if any problem is an error
  std::vector<model::Problem> problems;
};

// Reads a configuration and makes it ready to decide by; tells every problem of every file at once.
LoadedPolicy load_policy(const std::string& path, const config::Environment& environment);

// The resolver that [dns] asks for. On failure says what is wrong with the settings or the system.
tl::expected<std::shared_ptr<dns::Resolver>, std::string> make_resolver(const model::Dns& settings);

// The environment of this process.
config::Environment environment_of_host();

}  // namespace connectord::session
