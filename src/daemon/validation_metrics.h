#pragma once

#include "connectord/model/configuration.h"
#include "connectord/probe/report.h"
#include "connectord/session/metrics.h"

namespace connectord::daemon {

// Shows a validation that has ended.
void show_validation(session::Metrics& metrics, const probe::Report& report);

// Shows what is remembered of the validations of an earlier process, so that an alert outlives a restart.
void show_last_validations(session::Metrics& metrics, const model::Configuration& configuration);

}  // namespace connectord::daemon
