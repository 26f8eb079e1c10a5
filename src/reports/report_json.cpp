#include <nlohmann/json.hpp>

#include "connectord/base/time.h"
#include "connectord/reports/judgement.h"

namespace connectord::reports {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::vector<Complaint>& complaints) {
  Json array = Json::array();
  for (const Complaint& one : complaints) {
    array.push_back({{"count", one.count}, {"what", one.what}, {"hint", one.hint}});
  }
  return array;
}

Json json_of(const AggregateReport& report) {
  const AggregateJudgement judgement = judge(report);
  Json sources = Json::array();
  for (const FailingSource& source : judgement.failing) {
    sources.push_back({{"source", source.address},
                       {"messages", source.messages},
                       {"failed", source.failed},
                       {"quarantined", source.quarantined},
                       {"rejected", source.rejected},
                       {"complaints", json_of(source.complaints)}});
  }
  return {{"kind", "dmarc"},
          {"organization", report.organization},
          {"id", report.id},
          {"domain", report.domain},
          {"policy", report.policy},
          {"begin", base::utc_text(report.begin)},
          {"end", base::utc_text(report.end)},
          {"messages", judgement.messages},
          {"aligned", judgement.aligned},
          {"failing", sources}};
}

Json json_of(const TlsReport& report) {
  const TlsJudgement judgement = judge(report);
  Json domains = Json::array();
  for (const TlsPolicyResult& policy : report.policies) {
    domains.push_back({{"domain", policy.domain},
                       {"policy", policy.type},
                       {"successes", policy.successes},
                       {"failures", policy.failures}});
  }
  return {{"kind", "tls"},
          {"organization", report.organization},
          {"id", report.id},
          {"begin", report.begin},
          {"end", report.end},
          {"successes", judgement.successes},
          {"failures", judgement.failures},
          {"policies", domains},
          {"complaints", json_of(judgement.complaints)}};
}

}  // namespace

Json to_json(const Report& report) {
  return std::visit([](const auto& one) { return json_of(one); }, report);
}

}  // namespace connectord::reports
