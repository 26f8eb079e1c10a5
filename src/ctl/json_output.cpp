#include "json_output.h"

#include <ostream>

#include "connectord/base/display_control.h"
#include "connectord/base/json.h"

namespace connectord::ctl {
namespace {

void print_indented(const nlohmann::ordered_json& document, int columns, std::ostream& out) {
  out << base::escape_display_controls(base::json_text(document, columns)) << '\n';
}

}  // namespace

void print_json(const nlohmann::ordered_json& document, std::ostream& out) {
  print_indented(document, 2, out);
}

void print_json_line(const nlohmann::ordered_json& document, std::ostream& out) {
  print_indented(document, -1, out);
}

}  // namespace connectord::ctl
