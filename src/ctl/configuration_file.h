#pragma once

#include <memory>
#include <vector>

#include "command_line.h"
#include "connectord/session/load_policy.h"

namespace connectord::ctl {

session::LoadedPolicy load(const Common& common, session::Secrets secrets);

void print_problems(const std::vector<model::Problem>& problems, const Terminal& terminal);

// The configuration's policy, or nullptr and the problems are printed. Secrets are left alone, so that who may read the
// configuration may ask about it.
std::shared_ptr<const engine::Policy> load_or_complain(const Common& common, const Terminal& terminal);

}  // namespace connectord::ctl
