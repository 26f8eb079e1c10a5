#pragma once

#include "connectord/model/connector.h"
#include "recorder.h"

namespace connectord::probe {

// What a message must look like to pass an inbound connector, a finding for each thing.
void tell_checklist(const model::InboundConnector& connector, Recorder& recorder);

}  // namespace connectord::probe
