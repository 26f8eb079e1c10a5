#pragma once

#include <istream>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::ctl {

// One connector as the API takes it, out of a file: a JSON object, or TOML with one [[inbound]] or [[outbound]]. "-" is
// `in`. On failure says what is wrong with the file.
tl::expected<nlohmann::ordered_json, std::string> read_connector(const std::string& path, std::istream& in);

// The same with one [[rule]].
tl::expected<nlohmann::ordered_json, std::string> read_rule(const std::string& path, std::istream& in);

// Puts "require.tls=true" and the like into a connector: the value is TOML, and where it is none, a string.
tl::expected<void, std::string> set_keys(nlohmann::ordered_json& connector, const std::vector<std::string>& settings);
// Puts "identify.sender_domains=contoso.com" and the like behind what the lists of a connector have already; the value
// may be a list.
tl::expected<void, std::string> add_to_lists(nlohmann::ordered_json& connector,
                                             const std::vector<std::string>& settings);
// Takes "require.tls" and the like out.
tl::expected<void, std::string> unset_keys(nlohmann::ordered_json& connector, const std::vector<std::string>& keys);

}  // namespace connectord::ctl
