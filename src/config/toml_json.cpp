#include "connectord/config/toml_json.h"

#include <sstream>

#include "connectord/base/json.h"

namespace connectord::config {

nlohmann::ordered_json to_json(const toml::table& table) {
  std::ostringstream text;
  text << toml::json_formatter(table);
  return base::parse_json(text.str());
}

}  // namespace connectord::config
