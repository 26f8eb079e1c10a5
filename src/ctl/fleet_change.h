#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "command_line.h"
#include "connectord/fleet/database.h"
#include "expected.h"

// Changes of what the hosts of a fleet have in common.
namespace connectord::ctl {

// What the files say, with [fleet] in it; an error says that this host is no member. What else is wrong with the files
// does not count.
Expected<model::Configuration> member_configuration(const Common& common);

// Who changes something, for the others: "alice on mx1".
std::string who_changes();

// Whether this host's configuration loads with that as the generation of that number; else the problems are printed.
bool loads_here(const Common& common, const std::string& state, std::int64_t generation, const std::string& document,
                const Terminal& terminal);

struct FleetChange {
  std::int64_t made_from = 0;
  std::string document;
  std::string comment;
  std::string canary{};
};
// Looks whether it loads here, and makes it the next generation, whose number is returned.
Expected<std::int64_t> apply_to_fleet(const Common& common, const model::Configuration& configuration,
                                      fleet::Database& database, const FleetChange& change, const Terminal& terminal);

}  // namespace connectord::ctl
