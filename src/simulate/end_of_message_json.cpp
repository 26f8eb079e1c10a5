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
  if (change.kind == model::HeaderChange::Kind::replace) {
    return {{"action", "replace"}, {"name", change.name}, {"position", change.position}, {"value", change.value}};
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

Json to_json(const std::vector<engine::Candidate>& candidates) {
  Json array = Json::array();
  for (const auto& candidate : candidates) {
    array.push_back({{"connector", candidate.connector}, {"why_not", candidate.why}});
  }
  return array;
}

// Next hop and TLS in the terms of Postfix's tables.
Json to_json(const ExplainedRoute& route) {
  Json object{{"recipient", route.recipient}, {"connector", Json()}, {"next_hop", Json()}, {"tls", Json()}};
  object["not_by"] = to_json(route.others);
  object["next_hops"] = Json::array();
  for (const delivery::Hop& hop : route.hops) object["next_hops"].push_back(delivery::to_json(hop));
  if (route.connector == nullptr) return object;
  object["connector"] = route.connector->name;
  object["next_hop"] = mail::transport_of(*route.connector);
  if (const auto tls = mail::tls_policy_of(*route.connector)) object["tls"] = *tls;
  return object;
}

Json to_json(const model::RuleHit& hit) {
  return {{"rule", hit.rule},
          {"mode", model::to_string(hit.mode)},
          {"matched", hit.matched},
          {"because", hit.because},
          {"actions", hit.actions},
          {"recipients", hit.recipients},
          {"skipped_because", hit.skipped_because.empty() ? Json() : Json(hit.skipped_because)}};
}

// What rules change of the message, beside `headers`, which has all changes of these.
Json changes_of(const session::EndOfMessageResult& ending) {
  Json stripped = Json::array();
  for (const auto& one : ending.decision.changes.stripped)
    stripped.push_back({{"rule", one.rule}, {"parts", one.parts}});
  Json added = Json::array();
  for (const auto& one : ending.added_recipients) added.push_back(one.address);
  Json disclaimers = Json::array();
  for (const auto& one : ending.decision.changes.disclaimers) disclaimers.push_back(one.rule);
  Json mail = Json::array();
  for (const auto& one : ending.decision.mail) {
    mail.push_back({{"rule", one.rule}, {"action", model::word_of(one.kind)}, {"to", one.to}});
  }
  return {{"removed_recipients", ending.removed_recipients},
          {"added_recipients", added},
          {"subject_prefixes", ending.decision.changes.subject_prefixes},
          {"stripped_attachments", stripped},
          {"disclaimers", disclaimers},
          {"mail", mail},
          {"body", ending.body != nullptr}};
}

}  // namespace

Json to_json(const Explanation& explanation) {
  const session::EndOfMessageResult& ending = explanation.ending;
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
  object["not_of"] = to_json(explanation.others);
  object["rules"] = Json::array();
  for (const auto& hit : decision.rules) object["rules"].push_back(to_json(hit));
  object["changes"] = changes_of(ending);
  object["findings"] = Json::array();
  for (const auto& finding : decision.findings) object["findings"].push_back(to_json(finding));
  return object;
}

}  // namespace connectord::simulate
