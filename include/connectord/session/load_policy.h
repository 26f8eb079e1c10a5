#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectord/config/load.h"
#include "connectord/engine/policy.h"

namespace connectord::session {

struct LoadedPolicy {
  std::shared_ptr<const engine::Policy> policy;  // nullptr if any problem is an error
  std::vector<model::Problem> problems;
};

// Reads a configuration and makes it ready to decide by; tells every problem of every file at once.
LoadedPolicy load_policy(const std::string& path, const config::Environment& environment);

// The environment of this process.
config::Environment environment_of_host();

}  // namespace connectord::session
