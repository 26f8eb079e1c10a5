#include "connectord/config/strict_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t deepest = 16;

// Before it is parsed; brackets within strings do not count.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '{' || c == '[') && ++depth > deepest) return true;
    if ((c == '}' || c == ']') && depth > 0) --depth;
  }
  return false;
}

}  // namespace

tl::expected<Json, std::string> parse_strict_json(std::string_view text) {
  if (is_too_deep(text)) return tl::unexpected("is nested more than " + std::to_string(deepest) + " deep");
  std::vector<std::set<std::string>> names;
  std::string repeated;
  const Json::parser_callback_t watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), watch);
    if (!repeated.empty()) return tl::unexpected("has \"" + repeated + "\" twice");
    return json;
  } catch (const Json::parse_error& error) {
    return tl::unexpected("is no JSON (RFC 8259): it goes wrong near byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {
    return tl::unexpected(std::string("is no JSON (RFC 8259)"));
  }
}

}  // namespace connectord::config
