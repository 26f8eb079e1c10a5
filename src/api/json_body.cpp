#include "json_body.h"

#include "connectord/base/display_control.h"
#include "connectord/base/json.h"
#include "connectord/config/strict_json.h"

namespace connectord::api {

tl::expected<Json, std::string> parse_body(std::string_view text) {
  auto json = config::parse_strict_json(text);
  if (!json) return tl::unexpected("the body " + json.error());
  if (!json->is_object()) return tl::unexpected(std::string("the body is no JSON object; write {…}"));
  return json;
}

std::string to_text(const Json& json) {
  return base::escape_display_controls(base::json_text(json)) + "\n";
}

}  // namespace connectord::api
