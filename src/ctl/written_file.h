#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "command_line.h"

// Connectors and rules in files that people wrote, which the API leaves to them, and root may have changed key by key.
namespace connectord::ctl {

// What becomes of one of them: whole, as config::to_json() has it.
using ConnectorChange = std::function<tl::expected<nlohmann::ordered_json, std::string>(const nlohmann::ordered_json&)>;

struct WrittenFile {
  std::string path;
  std::string table;  // "inbound", "outbound" or "rule"
};

// The file of a connector, if people wrote that; std::nullopt where the API did, or where it is not known. `direction`
// may be empty.
std::optional<WrittenFile> written_file_of(const Common& common, const std::string& name, const std::string& direction);
// The same for a rule.
std::optional<WrittenFile> written_file_of_rule(const Common& common, const std::string& name);

// Shows the difference, and with `yes` makes it: only where the configuration then loads, which connectord is asked to
// do. Returns what a person should know.
tl::expected<std::string, std::string> change_written_file(const Common& common, const WrittenFile& file,
                                                           const std::string& name, const ConnectorChange& change,
                                                           bool yes, const Terminal& terminal);

}  // namespace connectord::ctl
