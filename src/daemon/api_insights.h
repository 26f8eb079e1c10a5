#pragma once

#include "connectord/api/insights.h"
#include "connectord/runtime/health.h"
#include "connectord/runtime/services.h"

namespace connectord::daemon {

// The API's insights are those of insights/. What was judged is kept for some seconds, so that many pages that are open
// cost no more than one; who asks later has it judged anew by a thread of its own, and gets what was judged before.
// What `services` refers to must outlive it.
api::Insights insights_of(const runtime::Process& process, const runtime::Services& services);

}  // namespace connectord::daemon
