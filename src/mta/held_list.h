#pragma once

#include <vector>

#include "connectord/mta/held_mail.h"

namespace connectord::mta {

// The first max_held_messages of them, and how many more there are.
HeldList bounded(std::vector<QueuedMessage> messages);

}  // namespace connectord::mta
