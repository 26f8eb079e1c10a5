#pragma once

#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::runtime {

// "user:password" of the outbound connectors that have one, by their names. Never to be logged or shown.
using Credentials = std::map<std::string, std::string, std::less<>>;

// "user:password" out of the file of this connector's route.credentials, which the daemon's user (server.user) can
// read, and nobody else but root. On failure says what is wrong, and nothing of the content.
tl::expected<std::string, std::string> read_credential_file(const model::Configuration& configuration,
                                                            const model::OutboundConnector& connector);

// Reads the files that enabled outbound connectors name in route.credentials. What is wrong with one is reported where
// its connector stands.
std::shared_ptr<const Credentials> read_credentials(const model::Configuration& configuration,
                                                    std::vector<model::Problem>& problems);

}  // namespace connectord::runtime
