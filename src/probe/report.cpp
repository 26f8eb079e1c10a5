#include "connectord/probe/report.h"

#include <nlohmann/json.hpp>

namespace connectord::probe {

std::string_view to_string(Obstacle obstacle) {
  return model::word_of(obstacle);
}

std::string_view describe(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::none:
      return "passed";
    case Obstacle::incomplete:
      return "not known";
    case Obstacle::other_route:
      return "mail not using the connector";
    case Obstacle::not_resolved:
      return "name not resolved";
    case Obstacle::not_allowed:
      return "address not allowed";
    case Obstacle::unreachable:
      return "host not reached";
    case Obstacle::not_ready:
      return "no SMTP service";
    case Obstacle::no_starttls:
      return "STARTTLS not offered";
    case Obstacle::tls_failed:
      return "TLS negotiation failed";
    case Obstacle::certificate:
      return "certificate not trusted or for another name";
    case Obstacle::sts_policy:
      return "not allowed by the MTA-STS policy";
    case Obstacle::not_authenticated:
      return "credentials not accepted";
    case Obstacle::rejected:
      return "rejected by partner";
    case Obstacle::deferred:
      return "deferred by partner";
  }
  return "";
}

std::string_view to_string(Direction direction) {
  return model::word_of(direction);
}

nlohmann::ordered_json to_json(const Step& step) {
  return {{"check", step.finding.check},
          {"host", step.host},
          {"outcome", to_string(step.finding.outcome)},
          {"warning", step.warning},
          {"expected", step.finding.expected},
          {"seen", step.finding.seen},
          {"hint", step.finding.hint},
          {"milliseconds", step.took.count()}};
}

nlohmann::ordered_json to_json(const Report& report) {
  nlohmann::ordered_json object;
  object["connector"] = report.connector;
  object["direction"] = to_string(report.direction);
  object["time"] = report.time;
  object["milliseconds"] = report.took.count();
  object["result"] = !report.tried ? "not_tried" : report.passed ? "passed" : "failed";
  object["obstacle"] = to_string(report.obstacle);
  object["summary"] = report.summary;
  object["certificates"] = nlohmann::ordered_json::array();
  for (const auto& seen : report.certificates) {
    object["certificates"].push_back(
        {{"host", seen.host}, {"sha256", seen.sha256}, {"subject", seen.subject}, {"not_after", seen.not_after}});
  }
  object["steps"] = nlohmann::ordered_json::array();
  for (const Step& step : report.steps) object["steps"].push_back(to_json(step));
  return object;
}

}  // namespace connectord::probe
