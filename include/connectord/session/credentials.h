#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::session {

// "user:password" of the outbound connectors that have one, by their names. Never to be logged or shown.
using Credentials = std::map<std::string, std::string, std::less<>>;

// Reads the files that enabled outbound connectors name in route.credentials. What is wrong with one is told where its
// connector stands.
std::shared_ptr<const Credentials> read_credentials(const model::Configuration& configuration,
                                                    std::vector<model::Problem>& problems);

}  // namespace connectord::session
