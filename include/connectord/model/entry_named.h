#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace connectord::model {

// The one of these connectors or rules with that name, in the same letter case; nullptr where there is none.
template <class Entry>
const Entry* entry_named(const std::vector<Entry>& entries, std::string_view name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [name](const Entry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace connectord::model
