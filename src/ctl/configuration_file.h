#pragma once

#include <memory>
#include <vector>

#include "command_line.h"
#include "connectord/runtime/load_policy.h"

namespace connectord::ctl {

runtime::LoadedPolicy load(const Common& common, runtime::SecretFiles files);

void print_problems(const std::vector<model::Problem>& problems, const Terminal& terminal);

// The configuration's policy, or nullptr and the problems are printed. Reads no secrets, so that anybody can look.
std::shared_ptr<const engine::Policy> load_or_complain(const Common& common, const Terminal& terminal);
// The same with the texts of its files.
runtime::LoadedPolicy load_all_or_complain(const Common& common, const Terminal& terminal);

}  // namespace connectord::ctl
