#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

// The copy of the fleet's generation that each host keeps, and that its configuration is loaded with: files
// "generation-7.toml" in the folder of fleet.state, and a symbolic link "current" to the one that counts. Thread-safe.
namespace connectord::config {

std::string fleet_copy_path(const std::string& state, std::int64_t generation);

// The number of a file's path that is such a copy in that folder; std::nullopt for any other path.
std::optional<std::int64_t> generation_of_copy(const std::string& state, std::string_view path);

// The number of the copy that counts; std::nullopt where there is none. On failure says what is odd about the link:
// nothing but the name of a copy beside it is followed.
tl::expected<std::optional<std::int64_t>, std::string> current_fleet_copy(const std::string& state);

}  // namespace connectord::config
