#include "finding_text.h"

#include <ostream>

#include "table.h"

namespace connectord::ctl {

std::string Paint::operator()(std::string_view text, const char* code) const {
  if (!colour_) return std::string(text);
  return std::string("\033[").append(code).append("m").append(text).append("\033[0m");
}

const char* colour_of(model::Outcome outcome) {
  switch (outcome) {
    case model::Outcome::pass:
      return green;
    case model::Outcome::fail:
      return red;
    case model::Outcome::temperror:
      return yellow;
    case model::Outcome::result:
      return bold;
    case model::Outcome::not_applicable:
      return faint;
  }
  return faint;
}

void print_details(std::ostream& out, const model::Finding& finding) {
  const std::string indent(outcome_width + 2, ' ');
  if (!finding.expected.empty()) out << indent << "expected  " << harmless(finding.expected) << '\n';
  if (!finding.seen.empty()) out << indent << "seen      " << harmless(finding.seen) << '\n';
  if (!finding.hint.empty()) out << indent << "hint      " << harmless(finding.hint) << '\n';
}

}  // namespace connectord::ctl
