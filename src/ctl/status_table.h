#pragma once

#include <iosfwd>
#include <string>

#include "connectorctl.h"
#include "connectord/doctor/doctor.h"

namespace connectord::ctl {

// connectord and the mail servers beside it, a line for each thing. `folder` is that of main.cf.
void print_status_table(const doctor::Report& report, const std::string& folder, const Terminal& terminal);

}  // namespace connectord::ctl
