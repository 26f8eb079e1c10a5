#pragma once

#include <iosfwd>

#include "connectord/simulate/explain.h"

namespace connectord::ctl {

// What would become of a message, and why, as text for a person.
void print_text(std::ostream& out, const simulate::Explanation& explanation, bool colour);

}  // namespace connectord::ctl
