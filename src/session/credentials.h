#pragma once

#include <memory>
#include <vector>

#include "connectord/session/policy_store.h"

namespace connectord::session {

// Reads the files that enabled outbound connectors name in route.credentials. What is wrong with one is told where its
// connector stands.
std::shared_ptr<const Credentials> read_credentials(const model::Configuration& configuration,
                                                    std::vector<model::Problem>& problems);

}  // namespace connectord::session
