#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What the hosts of a fleet have in common, and what each has for itself. Thread-safe.
namespace connectord::config {

enum class Whose : std::uint8_t { fleet, host };

struct KeyOwner {
  std::string_view key;  // a table, or one of a table that is mostly the other's: "delivery.state"
  Whose whose;
  std::string_view why;
};

// The one list of it: every table of a configuration, and the keys that are not as their table.
std::span<const KeyOwner> key_owners();

// Of a dotted key, such as "delivery.state"; of one that is not known, the host.
const KeyOwner& owner_of(std::string_view key);

// The list as a table for the documentation.
std::string key_owners_markdown();

}  // namespace connectord::config
