#pragma once

#include <cstddef>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/config/imported.h"
#include "connectord/model/configuration.h"
#include "expected.h"

// What imports from other systems have in common: connectors and rules held against the configuration, and shown.
namespace connectord::ctl {

// One connector, and what it is here.
struct Translated {
  config::ImportedConnector imported;
  std::string toml;
};

std::vector<std::string> accepted_domains(const model::Configuration& configuration);

// Checked as every configuration is, also beside the connectors that there are. What could not be loaded has an
// obstacle. On failure says why none can be taken.
Expected<std::vector<Translated>> translate_all(std::vector<config::ImportedConnector> imported,
                                                const model::Configuration& configuration);

// Those that cannot be taken here, and a line for each.
std::size_t count_unwritten(const std::vector<Translated>& connectors);
std::string obstacles_of(const std::vector<Translated>& connectors);

// Behind the heading each connector, and above it what became of every property. One that cannot be taken is a comment.
void write_toml(std::ostream& out, std::string_view heading, const std::vector<Translated>& connectors);

// `name_key` has the name that the other system knows it by.
nlohmann::ordered_json to_json(const Translated& each, const std::string& name_key);

// What a person should look at, in a line.
std::string summary_of(const std::vector<Translated>& connectors);

}  // namespace connectord::ctl
