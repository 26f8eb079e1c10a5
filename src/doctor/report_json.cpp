#include "connectord/doctor/report_json.h"

#include <nlohmann/json.hpp>

#include "connectord/base/json_values.h"
#include "connectord/base/time.h"

namespace connectord::doctor {
namespace {

using Json = nlohmann::ordered_json;

const char* result_of(const Findings& findings) {
  if (findings.count(Severity::critical) > 0) return "critical";
  return findings.all_well() ? "ok" : "warning";
}

Json to_json(const ListedCertificate& one) {
  return {{"whose", one.whose},
          {"where", one.where},
          {"subject", base::text_or_null(one.subject)},
          {"issuer", base::text_or_null(one.issuer)},
          {"sha256", base::text_or_null(one.sha256)},
          {"public_key_sha256", base::text_or_null(one.public_key_sha256)},
          {"not_after", base::time_or_null(one.not_after)},
          {"last_seen", base::time_or_null(one.last_seen)},
          {"problem", base::text_or_null(one.problem)}};
}

}  // namespace

Json to_json(const Issue& issue) {
  return {{"severity", issue.severity == Severity::critical ? "critical" : "warning"},
          {"area", issue.area},
          {"what", issue.what},
          {"why", base::text_or_null(issue.why)},
          {"write", issue.write}};
}

Json to_json(const Findings& findings) {
  Json troubles = Json::array();
  for (const Issue& issue : findings.issues()) troubles.push_back(to_json(issue));
  Json notes = Json::array();
  for (const auto* part : {&findings.seen(), &findings.notes()}) {
    for (const auto& [area, what] : *part) notes.push_back({{"area", area}, {"what", what}});
  }
  return {{"result", result_of(findings)}, {"troubles", std::move(troubles)}, {"notes", std::move(notes)}};
}

Json to_json(const std::vector<ListedCertificate>& certificates) {
  Json array = Json::array();
  for (const ListedCertificate& one : certificates) array.push_back(to_json(one));
  return array;
}

}  // namespace connectord::doctor
