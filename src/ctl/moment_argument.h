#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace connectord::ctl {

// Milliseconds since 1970, now.
std::int64_t now_in_milliseconds();

// The time that an option names; std::nullopt where it is not given. The error names the option and what to write.
tl::expected<std::optional<std::int64_t>, std::string> read_moment(const char* option, const std::string& text);

}  // namespace connectord::ctl
