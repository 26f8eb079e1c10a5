#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Connectors and rules that are made of what another system says: what all such imports have in common. Pure.
namespace connectord::config {

// What became of a property.
enum class Fate {
  taken,   // it stands in what is made, in the same meaning
  left,    // nothing is lost without it
  by_hand  // it has no equal here; the words say what to do
};

struct ImportedProperty {
  std::string name;
  std::string value;  // as JSON
  Fate fate = Fate::taken;
  std::string words;  // the key that has it, or why not
};

// A connector, or a rule.
struct ImportedConnector {
  std::string name;                          // as the other system has it
  std::string table;                         // "inbound", "outbound" or "rule"; empty where it is none of these
  nlohmann::ordered_json connector;          // keys of its TOML, and a connector's "direction"; null: there is none
  std::vector<ImportedProperty> properties;  // every one that was there
  std::vector<std::string> warnings;         // what is unwise in it, here as there
  std::string obstacle;                      // why there can be no such one here; empty: there can
};

std::string_view to_string(Fate fate);

// A connector's name of any text: letters, digits, '-', '_' and '.', at most 100. Empty where nothing is left of it.
std::string plain_name(std::string_view text);

// Two names may be one here: gives the connector or rule one that is not among `names`, which has each as its table, a
// space and the name, and adds it there.
void make_unique(ImportedConnector& made, std::set<std::string>& names);

}  // namespace connectord::config
