#pragma once

#include <iosfwd>

#include "connectord/simulate/explain.h"

namespace connectord::ctl {

// What would become of a message, and why: one JSON object with keys that stay, or text for a person.
void print_json(std::ostream& out, const simulate::Explanation& explanation);
void print_text(std::ostream& out, const simulate::Explanation& explanation, bool colour);

}  // namespace connectord::ctl
