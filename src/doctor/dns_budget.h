#pragma once

#include <chrono>
#include <optional>

#include "connectord/model/configuration.h"

namespace connectord::doctor {

// How many seconds connectord may keep a mail server waiting for DNS; std::nullopt if it asks for nothing.
inline std::optional<long> seconds_for_dns(const model::Configuration& configuration) {
  if (!configuration.authentication.checks_anything()) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(configuration.dns.budget).count();
}

}  // namespace connectord::doctor
