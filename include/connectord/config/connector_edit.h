#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

// Changes of connectors and rules within files that people wrote. The functions hold no state and are thread-safe.
namespace connectord::config {

// A key of a connector or a rule that says something else than before. null: the key is not there.
struct KeyChange {
  std::vector<std::string> path;  // {"require", "tls"}; {"action", "0", "text"} of the first one in a list of tables
  nlohmann::ordered_json before;
  nlohmann::ordered_json after;

  std::string key() const;  // "require.tls"
};

// The differences between two connectors, or any two objects: each value that is no object, in the order of `after`,
// and
// then what is only in `before`.
std::vector<KeyChange> differences(const nlohmann::ordered_json& before, const nlohmann::ordered_json& after);

// The text with these keys of one entry as they are after the changes, and all else byte for byte as it was:
// comments stay where they are. What is added to a list comes behind what is there. `table` is "inbound",
// "outbound" or "rule". On failure says why a program cannot change it.
tl::expected<std::string, std::string> with_changes(std::string_view text, std::string_view table,
                                                    std::string_view name, const std::vector<KeyChange>& changes);

// with_changes() of `enabled` alone.
tl::expected<std::string, std::string> with_enabled(std::string_view text, std::string_view table,
                                                    std::string_view name, bool enabled);

// The text without one entry, and all else byte for byte as it was; comments behind it stay, as those of the next one.
// On failure says why a program cannot take it out.
tl::expected<std::string, std::string> without_entry(std::string_view text, std::string_view table,
                                                     std::string_view name);

// The text with one entry more behind all others. On failure says which key of it TOML has no form for, and why.
tl::expected<std::string, std::string> with_entry(std::string_view text, std::string_view table,
                                                  const nlohmann::ordered_json& entry);

}  // namespace connectord::config
