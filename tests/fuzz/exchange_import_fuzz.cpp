#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectord/config/connector_files.h"
#include "connectord/config/load.h"
#include "connectord/exchange/exchange.h"

// Whatever stands in a file that somebody says came from Exchange.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord;  // NOLINT: one function
  const auto connectors =
      exchange::read_exchange({reinterpret_cast<const char*>(data), size}, {{"example.net"}, false});
  if (!connectors) {
    if (connectors.error().empty()) __builtin_trap();
    return 0;
  }
  for (const auto& each : *connectors) {
    if (each.connector.is_null()) {
      if (each.obstacle.empty() && each.properties.empty()) __builtin_trap();
      continue;
    }
    if (each.properties.empty() || each.connector["name"].get<std::string>().empty()) __builtin_trap();
    for (const auto& property : each.properties) {
      if (property.words.empty()) __builtin_trap();
    }
    const auto toml = config::entry_toml(each.connector, each.table);
    if (!toml) __builtin_trap();  // texts, numbers, truths, lists and tables of these have a form in TOML
    const auto loaded = config::parse(*toml, "fuzz", {"mx.example.net"});
    // The form of it is always good, whatever its values are.
    for (const auto& problem : loaded.problems) {
      if (problem.key.empty() && problem.message.find("TOML") != std::string::npos) __builtin_trap();
    }
  }
  return 0;
}
