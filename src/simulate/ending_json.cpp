#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectord/mail/postfix_terms.h"
#include "connectord/simulate/explain.h"
#include "connectord/trace/trace_json.h"

namespace connectord::simulate {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const model::HeaderChange& change) {
  if (change.kind == model::HeaderChange::Kind::remove) {
    return {{"action", "remove"}, {"name", change.name}, {"position", change.position}};
  }
  return {{"action", "insert"}, {"name", change.name}, {"value", change.value}};
}

Json to_json(const model::Finding& finding) {
  return {{"check", finding.check},       {"connector", finding.connector}, {"outcome", to_string(finding.outcome)},
          {"expected", finding.expected}, {"seen", finding.seen},           {"hint", finding.hint}};
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
  object["next_hop"] = mail::transport_of(*route.connector);
  if (const auto tls = mail::tls_policy_of(*route.connector)) object["tls"] = *tls;
  return object;
}

}  // namespace

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

}  // namespace connectord::simulate
