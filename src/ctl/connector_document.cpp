#include "connector_document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "connectord/base/json.h"
#include "connectord/config/toml_json.h"
#include "input.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

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

tl::expected<Json, std::string> document_in(const std::string& text) {
  std::string why;
  const auto document = parse_toml(text, &why);
  if (!document) return tl::unexpected("is neither JSON nor TOML: " + why);
  return config::to_json(*document);
}

tl::expected<Json, std::string> rule_in(const std::string& text) {
  return document_in(text).and_then([](const Json& json) -> tl::expected<Json, std::string> {
    const bool is_one =
        json.size() == 1 && json.contains("rule") && json["rule"].is_array() && json["rule"].size() == 1;
    if (is_one) return json["rule"].front();
    return tl::unexpected(std::string("must hold one [[rule]], and nothing else"));
  });
}

tl::expected<Json, std::string> connector_in(const std::string& text) {
  auto document = document_in(text);
  if (!document) return document;
  const Json& json = *document;
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

constexpr std::string_view list_example = "identify.sender_domains=contoso.com";

// As TOML has it, or as a string.
std::optional<Json> parse_setting(const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos) return std::nullopt;
  if (const auto table = parse_toml(setting)) return config::to_json(*table);
  auto table = parse_toml(setting.substr(0, equals) + " = \"\"");
  if (!table) return std::nullopt;
  Json json = config::to_json(*table);
  Json* value = &json;
  while (value->is_object() && !value->empty()) value = &value->front();
  *value = setting.substr(equals + 1);
  return json;
}

}  // namespace

namespace {

using FromToml = tl::expected<Json, std::string> (*)(const std::string& text);

tl::expected<Json, std::string> read_document(const std::string& path, std::istream& in, FromToml from_toml) {
  const auto text = read_input(path, in);
  if (!text) return tl::unexpected("--file: " + text.error());
  const Json json = base::parse_json(*text);
  if (json.is_object()) return json;
  return from_toml(*text).map_error([&path](const std::string& error) { return "--file: " + path + " " + error; });
}

}  // namespace

tl::expected<Json, std::string> read_connector(const std::string& path, std::istream& in) {
  return read_document(path, in, connector_in);
}

tl::expected<Json, std::string> read_rule(const std::string& path, std::istream& in) {
  return read_document(path, in, rule_in);
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

tl::expected<void, std::string> add_to_lists(Json& connector, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    const auto patch = parse_setting(setting);
    if (!patch) return tl::unexpected("--add: \"" + setting + "\" adds nothing; write " + std::string(list_example));
    const Json* added = &*patch;
    Json* list = &connector;
    while (added->is_object() && !added->empty()) {
      const auto item = added->begin();
      list = &(*list)[item.key()];
      added = &item.value();
    }
    if (!list->is_null() && !list->is_array()) {
      return tl::unexpected("--add: \"" + setting + "\" is for a key that is no list; write --set");
    }
    const Json several = added->is_array() ? *added : Json::array({*added});
    for (const Json& one : several) {
      if (std::find(list->begin(), list->end(), one) == list->end()) list->push_back(one);
    }
  }
  return {};
}

}  // namespace connectord::ctl
