#pragma once

#include <optional>
#include <string_view>

#include "connectord/model/configuration.h"

namespace connectord::doctor {

// Seconds of "30s", "2m", "1h30m", "90": how Sendmail and Postfix read a time limit. std::nullopt if it is none. Pure.
std::optional<long> mta_seconds(std::string_view text);

// How long connectord may keep a mail server waiting for DNS; std::nullopt if it asks for nothing. Pure.
std::optional<long> seconds_for_dns(const model::Configuration& configuration);

}  // namespace connectord::doctor
