#pragma once

#include <optional>
#include <vector>

#include "connectord/delivery/destination.h"
#include "connectord/delivery/look.h"
#include "expected.h"

namespace connectord::ctl {

// One for each next hop; empty where what it publishes does not count.
using Looks = std::vector<std::optional<delivery::Look>>;

// Asks DNS and web servers about all of them, and gives them the advice that comes of that. Reads the policies that
// connectord keeps, where this account may.
Expected<Looks> look_at(const std::vector<delivery::Hop*>& hops, const model::Configuration& configuration);

}  // namespace connectord::ctl
