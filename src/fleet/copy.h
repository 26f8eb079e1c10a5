#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::fleet {

// Keeps a generation in the folder of fleet.state as the one that counts (config/fleet_copy.h). Whoever reads sees the
// one before or this one, also after a crash. A few of those before stay. On failure says why, and the one before
// counts still.
tl::expected<void, std::string> keep_copy(const std::string& state, std::int64_t generation, std::string_view document);

// How many stay.
inline constexpr std::size_t kept_copies = 5;

}  // namespace connectord::fleet
