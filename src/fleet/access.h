#pragma once

#include <stop_token>
#include <string>
#include <tl/expected.hpp>

#include "connectord/model/configuration.h"
#include "postgres.h"
#include "schema.h"

namespace connectord::fleet {

// What the others call this host.
std::string host_name_in_fleet(const model::Configuration& configuration);

// How this host reaches the fleet's database, with the password out of its file, which server.user must be able to
// read. `configuration` has a fleet. On failure says what is wrong with the file, and nothing of its content.
tl::expected<postgres::Access, std::string> access_of(const model::Configuration& configuration, Need need,
                                                      std::stop_token stop = {});

// Connects, and looks whether the tables are for this program.
postgres::Result<postgres::Connection> open_database(const postgres::Access& access, Need need);

}  // namespace connectord::fleet
