#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>

namespace connectord::ctl {

// A document for programs, and for whoever looks at it on a terminal: it has no control characters, and what is no
// UTF-8 is replaced.
void print_json(const nlohmann::ordered_json& document, std::ostream& out);
// On one line.
void print_json_line(const nlohmann::ordered_json& document, std::ostream& out);

}  // namespace connectord::ctl
