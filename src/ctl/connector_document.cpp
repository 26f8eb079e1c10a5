#include "connector_document.h"

#include <toml++/toml.h>

#include <optional>
#include <sstream>

#include "input.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const toml::table& table) {
  std::ostringstream text;
  text << toml::json_formatter(table);
  return Json::parse(text.str());
}

std::optional<toml::table> parse_toml(const std::string& text, std::string* why = nullptr) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    if (why != nullptr) {
      *why = "line " + std::to_string(error.source().begin.line) + ": " + std::string(error.description());
    }
    return std::nullopt;
  }
}

tl::expected<Json, std::string> from_toml(const std::string& text) {
  std::string why;
  const auto document = parse_toml(text, &why);
  if (!document) return tl::unexpected("is neither JSON nor TOML: " + why);
  const Json json = to_json(*document);
  for (const char* direction : {"inbound", "outbound"}) {
    if (json.size() != 1 || !json.contains(direction)) continue;
    const Json& list = json[direction];
    if (!list.is_array() || list.size() != 1) break;
    Json connector = list.front();
    connector["direction"] = direction;
    return connector;
  }
  return tl::unexpected(std::string("must hold one [[inbound]] or one [[outbound]], and nothing else"));
}

// As TOML has it, or as a string.
std::optional<Json> parse_setting(const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos) return std::nullopt;
  if (const auto table = parse_toml(setting)) return to_json(*table);
  auto table = parse_toml(setting.substr(0, equals) + " = \"\"");
  if (!table) return std::nullopt;
  Json json = to_json(*table);
  Json* value = &json;
  while (value->is_object() && !value->empty()) value = &value->front();
  *value = setting.substr(equals + 1);
  return json;
}

}  // namespace

tl::expected<Json, std::string> read_connector(const std::string& path, std::istream& in) {
  const auto text = read_input(path, in);
  if (!text) return tl::unexpected("--file: " + text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (json.is_object()) return json;
  return from_toml(*text).map_error([&path](const std::string& error) { return "--file: " + path + " " + error; });
}

tl::expected<void, std::string> set_keys(Json& connector, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    const auto patch = parse_setting(setting);
    if (!patch) return tl::unexpected("--set: \"" + setting + "\" sets nothing; write require.tls=true");
    connector.merge_patch(*patch);
  }
  return {};
}

tl::expected<void, std::string> unset_keys(Json& connector, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    auto patch = parse_setting(key + "=0");
    if (!patch) return tl::unexpected("--unset: \"" + key + "\" is no key; write require.tls");
    Json* value = &*patch;
    while (value->is_object()) value = &value->front();
    *value = nullptr;
    connector.merge_patch(*patch);
  }
  return {};
}

}  // namespace connectord::ctl
