#pragma once

#include <optional>
#include <string_view>

namespace connectord::mta {

// Seconds of "30s", "2m", "1h30m", "90", "5d": how Sendmail and Postfix read a time limit. A number without a unit is
// in `unit`, which postconf(5) says of each parameter. std::nullopt if it is none. Pure.
std::optional<long> mta_seconds(std::string_view text, char unit = 's');

}  // namespace connectord::mta
