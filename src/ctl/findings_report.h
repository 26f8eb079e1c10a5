#pragma once

#include "connectorctl.h"
#include "connectord/doctor/findings.h"

// What status and doctor find, as text for a person.
namespace connectord::ctl {

// The issues, the worst first.
void print_issues(const doctor::Findings& findings, const Terminal& terminal);
// What could not be looked at, the areas that are well, and a line that sums all up.
void print_summary(const doctor::Findings& findings, const Terminal& terminal);

// "answered", or how bad the worst issue is.
Status status_of(const doctor::Findings& findings);

}  // namespace connectord::ctl
