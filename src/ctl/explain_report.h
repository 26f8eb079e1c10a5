#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "connectord/session/session.h"

namespace connectord::ctl {

// How a message leaves for one recipient.
struct ExplainedRoute {
  std::string recipient;
  const model::OutboundConnector* connector = nullptr;  // nullptr: the mail server's own way
};

struct Explanation {
  session::Ending ending;
  std::vector<ExplainedRoute> routes;  // of a message that is taken
};

// What would become of a message, and why: one JSON object with keys that stay, or text for a person.
void print_json(std::ostream& out, const Explanation& explanation);
void print_text(std::ostream& out, const Explanation& explanation, bool colour);

}  // namespace connectord::ctl
