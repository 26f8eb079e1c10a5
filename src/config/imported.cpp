#include "connectord/config/imported.h"

#include <algorithm>

#include "connectord/base/text.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_connector_name = 100;
constexpr std::size_t max_rule_name = 64;

}  // namespace

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::taken:
      return "taken";
    case Fate::left:
      return "left";
    case Fate::by_hand:
      return "by hand";
  }
  return "";
}

std::string plain_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_' || c == '.';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  name.resize(std::min(name.size(), max_connector_name));
  return name;
}

void make_unique(ImportedConnector& made, std::set<std::string>& names) {
  if (!made.obstacle.empty()) return;
  const std::string table = made.table + " ";
  const std::size_t longest = made.table == "rule" ? max_rule_name : max_connector_name;
  const auto name = made.connector["name"].get<std::string>();
  std::string unique = name;
  for (int i = 2; !names.insert(table + unique).second; ++i) {
    const std::string ending = "-" + std::to_string(i);
    unique = name.substr(0, longest - ending.size());
    while (!base::is_utf8(unique)) unique.pop_back();
    unique += ending;
  }
  if (unique == name) return;
  made.connector["name"] = unique;
  made.warnings.push_back("its name would be \"" + name + "\", which another one has: it is \"" + unique + "\" here");
}

}  // namespace connectord::config
