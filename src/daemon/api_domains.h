#pragma once

#include "connectord/api/domains.h"
#include "connectord/runtime/policy_store.h"

namespace connectord::daemon {

// The API's domains are those that we accept mail for or sign, and what probe finds of them. What was found is kept
// until the process ends. `policies` must outlive it.
api::Domains domains_of(const runtime::PolicyStore& policies);

}  // namespace connectord::daemon
