#include "explain_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "connectord/mail/postfix_terms.h"
#include "finding_text.h"
#include "table.h"

namespace connectord::ctl {
namespace {

// A folded value goes on in the column where it began.
std::string unfolded(std::string_view value) {
  std::string text;
  while (!value.empty()) {
    const auto end = std::min(value.find('\n'), value.size());
    if (!text.empty()) text += "\n             ";
    std::string_view line = value.substr(0, end);
    while (line.starts_with('\t') || line.starts_with(' ')) line.remove_prefix(1);
    text += harmless(line);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return text;
}

void print_finding(std::ostream& out, const model::Finding& finding, const Paint& paint) {
  std::string outcome(to_string(finding.outcome));
  outcome.resize(outcome_width, ' ');
  out << "  " << paint(outcome, colour_of(finding.outcome)) << paint(finding.check, bold);
  if (!finding.connector.empty()) out << " (" << finding.connector << ")";
  out << '\n';
  print_details(out, finding);
}

void print_others(std::ostream& out, const std::vector<engine::Candidate>& others) {
  for (const engine::Candidate& other : others) {
    out << "  not " << harmless(other.connector) << ": " << harmless(other.why) << '\n';
  }
}

void print_route(std::ostream& out, const simulate::ExplainedRoute& route, const Paint& paint) {
  out << "route      " << harmless(route.recipient) << ": ";
  if (route.connector == nullptr) {
    out << "the mail server's own\n";
    print_others(out, route.others);
    return;
  }
  const auto tls = mail::tls_policy_of(*route.connector);
  out << paint(route.connector->name, bold) << ", " << mail::transport_of(*route.connector) << ", TLS "
      << tls.value_or("as the mail server has it") << '\n';
  print_others(out, route.others);
}

// What was found out about the destination, and what it makes of the connector's own TLS.
void print_hops(std::ostream& out, const std::vector<delivery::Hop>& hops) {
  for (const delivery::Hop& hop : hops) {
    if (!hop.advice) continue;
    out << "  TLS to " << harmless(hop.name) << ": " << harmless(delivery::answer_of(hop)) << "; "
        << harmless(delivery::why_of(hop)) << '\n';
  }
}

void print(std::ostream& out, const simulate::Explanation& explanation, const Paint& paint) {
  const session::EndOfMessageResult& ending = explanation.ending;
  const model::Decision& decision = ending.decision;
  out << "connector  " << paint(decision.connector.empty() ? "none" : decision.connector, bold) << '\n';
  print_others(out, explanation.others);
  const bool accepted = decision.action == model::Action::accept;
  out << "action     " << paint(to_string(decision.action), accepted ? green : red) << '\n';
  if (decision.reply) out << "reply      " << harmless(to_string(*decision.reply)) << '\n';
  for (const auto& change : ending.header_changes) {
    const bool removes = change.kind == model::HeaderChange::Kind::remove;
    out << "headers    "
        << (removes ? "remove " + change.name + ", number " + std::to_string(change.position)
                    : "insert " + change.name + ": " + unfolded(change.value))
        << '\n';
  }
  for (const simulate::ExplainedRoute& route : explanation.routes) {
    print_route(out, route, paint);
    print_hops(out, route.hops);
  }
  out << "findings\n";
  for (const auto& finding : decision.findings) print_finding(out, finding, paint);
}

}  // namespace

void print_text(std::ostream& out, const simulate::Explanation& explanation, bool colour) {
  print(out, explanation, Paint(colour));
}

}  // namespace connectord::ctl
