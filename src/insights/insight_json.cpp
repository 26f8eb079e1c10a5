// Insights as JSON, each with how it is muted.
#include <nlohmann/json.hpp>
#include <variant>

#include "connectord/base/json_values.h"
#include "connectord/base/time.h"
#include "connectord/insights/mutes.h"

namespace connectord::insights {
namespace {

using Json = nlohmann::ordered_json;

Json evidence_json(const std::vector<Evidence>& evidence) {
  Json list = Json::array();
  for (const Evidence& one : evidence)
    list.push_back({{"what", one.what}, {"count", one.count}, {"all", one.all ? Json(*one.all) : Json()}});
  return list;
}

Json values_json(const Insight& insight) {
  Json values = Json::object();
  for (const auto& [key, value] : insight.values)
    std::visit([&values, &name = key](const auto& known) { values[name] = known; }, value);
  return values;
}

Json insight_json(const Insight& insight) {
  Json search;
  for (const auto& [key, value] : insight.search) search[key] = value;
  return {{"id", insight.id()},
          {"name", insight.name},
          {"severity", model::word_of(insight.severity)},
          {"connector", base::text_or_null(insight.connector)},
          {"direction", insight.connector.empty() ? Json() : Json(insight.outbound ? "outbound" : "inbound")},
          {"what", insight.what},
          {"why", base::text_or_null(insight.why)},
          {"variant", base::text_or_null(insight.variant)},
          {"values", values_json(insight)},
          {"write", insight.write},
          {"evidence", evidence_json(insight.evidence)},
          {"search", std::move(search)},
          {"examples", insight.examples}};
}

}  // namespace

Json to_json(const Found& found, const Mutes& mutes, std::int64_t now) {
  Json list = Json::array();
  for (const Insight& insight : found.insights) {
    Json object = insight_json(insight);
    const auto mute = mutes.find(object["id"].get<std::string>());
    object["muted"] = mute == mutes.end() || mute->second.until <= now ? Json() : to_json(mute->second);
    list.push_back(std::move(object));
  }
  Json notes = Json::array();
  for (const auto& [area, why] : found.not_looked_at) notes.push_back({{"area", area}, {"why", why}});
  return {{"time", base::utc_text(now)}, {"insights", std::move(list)}, {"not_looked_at", std::move(notes)}};
}

}  // namespace connectord::insights
