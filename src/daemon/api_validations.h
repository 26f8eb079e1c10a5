#pragma once

#include "connectord/api/validations.h"
#include "connectord/probe/on_demand.h"
#include "connectord/runtime/policy_store.h"

namespace connectord::daemon {

// The API's validations are probe's. Both referred to must outlive it.
api::Validations validations_of(probe::OnDemand& validator, const runtime::PolicyStore& policies);

}  // namespace connectord::daemon
