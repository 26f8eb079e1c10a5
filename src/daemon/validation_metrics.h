#pragma once

#include "connectord/model/configuration.h"
#include "connectord/probe/report.h"
#include "connectord/runtime/metrics.h"

namespace connectord::daemon {

// Shows a validation that has ended.
void show_validation(runtime::Metrics& metrics, const probe::Report& report);

// Shows what is remembered of the validations of an earlier process, so that an alert outlives a restart.
void show_last_validations(runtime::Metrics& metrics, const model::Configuration& configuration);

}  // namespace connectord::daemon
