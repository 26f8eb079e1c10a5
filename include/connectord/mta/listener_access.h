#pragma once

#include <optional>
#include <string>

#include "connectord/mta/postfix_plan.h"

namespace connectord::mta {

// Connects to each listener of connectord as Postfix would: as its user, in its chroot. What keeps it from doing so,
// and what to write. Only root can try it whole; for anybody else it says nothing about rights. Forks, so it must be
// called while there is one thread.
std::vector<Advice> unreachable_listeners(const PostfixSetup& setup, const MtaRequirements& required);

}  // namespace connectord::mta
