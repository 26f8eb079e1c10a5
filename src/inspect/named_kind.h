#pragma once

#include <string>
#include <vector>

namespace connectord::inspect {

// By any of the names: a message in a file, .eml and such.
bool is_named_message(const std::vector<std::string>& names);

// By any of the names: a kind that has signatures and is looked into, so that other bytes under such a name are odd.
bool is_named_as_known(const std::vector<std::string>& names);

}  // namespace connectord::inspect
