#pragma once

#include <optional>
#include <string_view>

namespace connectord::ctl {

// Seconds of "30s", "2m", "1h30m", "90": how Sendmail and Postfix read a time limit. std::nullopt if it is none. Pure.
std::optional<long> mta_seconds(std::string_view text);

}  // namespace connectord::ctl
