#pragma once

#include "connectord/model/connector.h"
#include "step_log.h"

namespace connectord::probe {

// What a message must look like to pass an inbound connector, a finding for each thing.
void report_checklist(const model::InboundConnector& connector, StepLog& steps);

}  // namespace connectord::probe
