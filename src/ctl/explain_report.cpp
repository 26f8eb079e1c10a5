#include "explain_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "connectord/socketmap/postfix_terms.h"
#include "connectord/trace/trace_json.h"
#include "finding_text.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using ctl::to_json;
using Json = nlohmann::ordered_json;

Json to_json(const model::HeaderChange& change) {
  if (change.kind == model::HeaderChange::Kind::remove) {
    return {{"action", "remove"}, {"name", change.name}, {"position", change.position}};
  }
  return {{"action", "insert"}, {"name", change.name}, {"value", change.value}};
}

// What was not asked is null.
Json to_json(const model::Authentication& authentication, const std::optional<model::OriginalClient>& original) {
  Json object = trace::to_json(authentication);
  object["original_client"] = original && original->moved ? Json(original->address.to_string()) : Json();
  return object;
}

// By which all recipients leave; null where they differ, or leave as the mail server likes.
Json common_connector(const std::vector<ExplainedRoute>& routes) {
  if (routes.empty() || routes.front().connector == nullptr) return {};
  const bool differ = std::any_of(routes.begin(), routes.end(), [&routes](const ExplainedRoute& route) {
    return route.connector != routes.front().connector;
  });
  return differ ? Json() : Json(routes.front().connector->name);
}

// Next hop and TLS in the terms of Postfix's tables.
Json to_json(const ExplainedRoute& route) {
  Json object{{"recipient", route.recipient}, {"connector", Json()}, {"next_hop", Json()}, {"tls", Json()}};
  if (route.connector == nullptr) return object;
  object["connector"] = route.connector->name;
  object["next_hop"] = socketmap::transport_of(*route.connector);
  if (const auto tls = socketmap::tls_policy_of(*route.connector)) object["tls"] = *tls;
  return object;
}

Json to_json(const Explanation& explanation) {
  const session::Ending& ending = explanation.ending;
  const model::Decision& decision = ending.decision;
  Json object;
  object["connector"] = decision.connector.empty() ? Json() : Json(decision.connector);
  object["identified_by"] = to_string(decision.identified_by);
  object["action"] = to_string(decision.action);
  object["reply"] = decision.reply ? Json(to_string(*decision.reply)) : Json();
  object["headers"] = Json::array();
  for (const auto& change : ending.header_changes) object["headers"].push_back(to_json(change));
  object["authentication"] = to_json(ending.authentication, ending.original);
  object["outbound_connector"] = common_connector(explanation.routes);
  object["routes"] = Json::array();
  for (const ExplainedRoute& route : explanation.routes) object["routes"].push_back(to_json(route));
  object["findings"] = Json::array();
  for (const auto& finding : decision.findings) object["findings"].push_back(to_json(finding));
  return object;
}

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

void print_route(std::ostream& out, const ExplainedRoute& route, const Paint& paint) {
  out << "route      " << harmless(route.recipient) << ": ";
  if (route.connector == nullptr) {
    out << "the mail server's own\n";
    return;
  }
  const auto tls = socketmap::tls_policy_of(*route.connector);
  out << paint(route.connector->name, bold) << ", " << socketmap::transport_of(*route.connector) << ", TLS "
      << tls.value_or("as the mail server has it") << '\n';
}

void print(std::ostream& out, const Explanation& explanation, const Paint& paint) {
  const session::Ending& ending = explanation.ending;
  const model::Decision& decision = ending.decision;
  out << "connector  " << paint(decision.connector.empty() ? "none" : decision.connector, bold) << '\n';
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
  for (const ExplainedRoute& route : explanation.routes) print_route(out, route, paint);
  out << "findings\n";
  for (const auto& finding : decision.findings) print_finding(out, finding, paint);
}

}  // namespace

void print_json(std::ostream& out, const Explanation& explanation) {
  out << to_json(explanation).dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void print_text(std::ostream& out, const Explanation& explanation, bool colour) {
  print(out, explanation, Paint(colour));
}

}  // namespace connectord::ctl
