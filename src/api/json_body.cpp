#include "json_body.h"

#include <set>
#include <vector>

namespace connectord::api {
namespace {

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

tl::expected<Json, std::string> parse_body(std::string_view text) {
  if (is_too_deep(text)) return tl::unexpected("the JSON is nested more than " + std::to_string(deepest) + " deep");
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
    if (!repeated.empty() && json.is_object()) return tl::unexpected("\"" + repeated + "\" is there twice");
    if (!json.is_object()) return tl::unexpected(std::string("the body is no JSON object; write {…}"));
    return json;
  } catch (const Json::exception& error) {
    return tl::unexpected("the body is no JSON (RFC 8259): it goes wrong near byte " +
                          std::to_string(dynamic_cast<const Json::parse_error*>(&error) != nullptr
                                             ? dynamic_cast<const Json::parse_error&>(error).byte
                                             : 0));
  }
}

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace connectord::api
