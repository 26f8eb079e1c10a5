#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

// Files with connectors and rules that programs write and change. The functions hold no state and are thread-safe.
namespace connectord::config {

// The path of a file `name` that one of the patterns of server.include covers, in a folder that the pattern names
// plainly; std::nullopt if there is none.
std::optional<std::string> included_path(const std::vector<std::string>& include, std::string_view main_file,
                                         const std::string& name);

// True if one of the patterns covers the file `path`, whatever way is written to it.
bool is_included(const std::vector<std::string>& include, std::string_view main_file, const std::string& path);

// What TOML has no form for, and where it stands: "identify.certificate".
struct Unwritable {
  std::string key;
  std::string message;
};

// A document with one connector, whose keys are those of its TOML (connector_json.h). Only the form of values is looked
// at; what they mean is for config::load() to say. "direction" decides between [[inbound]] and [[outbound]] and is no
// key.
tl::expected<std::string, Unwritable> connector_toml(const nlohmann::ordered_json& connector);

// The same with the table's name given: "inbound", "outbound", or "rule", whose lists of objects become tables.
tl::expected<std::string, Unwritable> entry_toml(const nlohmann::ordered_json& entry, std::string_view table);

// A value as TOML has it in one line, and a key of one part. `key` names the value in the error where it has no such
// form.
tl::expected<std::string, Unwritable> toml_value(const nlohmann::ordered_json& value, const std::string& key);
std::string toml_key(std::string_view key);

// entry_toml() with a seal as its first line, by which is_sealed() knows the text again.
tl::expected<std::string, Unwritable> sealed_toml(const nlohmann::ordered_json& entry, std::string_view table);
// connector_toml() with it.
tl::expected<std::string, Unwritable> sealed_toml(const nlohmann::ordered_json& connector);

// True if the text is as sealed_toml() wrote it, in this version or another: nobody's comments are lost with it.
bool is_sealed(std::string_view text);

}  // namespace connectord::config
