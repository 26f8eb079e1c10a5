#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "connectord/config/load.h"

namespace connectord::config {

// A key that says something else in one configuration than in another.
struct SettingChange {
  std::string table;   // "inbound", "outbound", or another: "server"
  std::string name;    // of the connector; empty for other tables
  std::string key;     // "require.tls"; empty where the whole connector is new or gone
  std::string before;  // as TOML has it; empty where there was nothing
  std::string after;
  std::string file;  // where it stands now; where it is gone, where it stood

  friend bool operator==(const SettingChange&, const SettingChange&) = default;
};

// At most `max_changes`, in the order of the files; connectors that stand in both as they are cost a look at their text
// only. Files that are no TOML count by their lines. Thread-safe.
std::vector<SettingChange> setting_changes(const SourceTexts& before, const SourceTexts& after,
                                           std::size_t max_changes);

// "inbound contoso: require.tls from false to true".
std::string to_string(const SettingChange& change);
// An object with its members as keys.
nlohmann::ordered_json to_json(const SettingChange& change);

}  // namespace connectord::config
