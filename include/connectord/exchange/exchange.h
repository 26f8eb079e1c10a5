#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

// What Get-InboundConnector and Get-OutboundConnector of Exchange Online say, as connectors of ours. Pure; the text is
// a stranger's.
namespace connectord::exchange {

// What became of a property.
enum class Fate {
  taken,   // it stands in the connector, in the same meaning
  left,    // nothing is lost without it
  by_hand  // it has no equal here; the words say what to do
};

struct ImportedProperty {
  std::string name;
  std::string value;  // as JSON
  Fate fate = Fate::taken;
  std::string words;  // the key that has it, or why not
};

struct ImportedConnector {
  std::string name;                          // as Exchange has it
  nlohmann::ordered_json connector;          // keys of its TOML, and "direction"
  std::vector<ImportedProperty> properties;  // every one that was there
  std::vector<std::string> warnings;         // what is unwise in it, here as there
  std::string obstacle;                      // why there can be no such connector here; empty: there can
};

// Of one object or a list of them, in UTF-8 or, as PowerShell writes files, UTF-16. `accepted_domains` are our own, for
// connectors that are for all of them. A property that cannot be taken stops nothing but itself: it is to be done by
// hand, and its connector is disabled until then, unless the property only tells people something. Names are unique in
// each direction. On failure says what is wrong with the file.
tl::expected<std::vector<ImportedConnector>, std::string> read_exchange(
    std::string_view text, const std::vector<std::string>& accepted_domains);

std::string_view to_string(Fate fate);

}  // namespace connectord::exchange
