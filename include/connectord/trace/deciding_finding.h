#pragma once

#include "connectord/trace/search.h"

namespace connectord::trace {

// The finding that made the answer what it is: the first failure of a message that was refused, what was not known of
// one that was deferred, the failure for which one was held. nullptr where nothing spoke against the message.
const Finding* deciding_finding(const Message& message);

}  // namespace connectord::trace
