#pragma once

#include <iosfwd>

#include "connectord/session/session.h"

namespace connectord::ctl {

// What would become of a message, and why: one JSON object with keys that stay, or text for a person.
void print_json(std::ostream& out, const session::Ending& ending);
void print_text(std::ostream& out, const session::Ending& ending, bool colour);

}  // namespace connectord::ctl
