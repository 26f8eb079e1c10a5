#pragma once

#include <cstdint>
#include <string_view>

#include "connectord/log/logger.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::session {

// The one line a message gets: who sent it, which connector it belongs to, what was answered, and the findings that
// failed. Without a queue ID the line begins with NOQUEUE, as Postfix's do.
void log_decision(log::Logger& log, std::string_view queue_id, const model::Facts& facts,
                  const model::Decision& decision, std::uint64_t removed_tags);

}  // namespace connectord::session
