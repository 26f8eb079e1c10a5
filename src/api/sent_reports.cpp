// Which DMARC reports of ours were sent, and which were not and why.
#include <algorithm>
#include <cstddef>

#include "connectord/reporting/ledger.h"
#include "context.h"
#include "parameters.h"

namespace connectord::api {
namespace {

constexpr std::size_t most = 1000;

}  // namespace

Response list_sent_reports(Context& context, const Call& call) {
  Parameters parameters(call.target);
  const auto wanted = parameters.parsed("day", reporting::parse_day, "write a day of UTC, as 2026-11-28");
  const std::size_t limit = parameters.limit().value_or(most);
  if (auto refusal = parameters.refusal()) return *std::move(refusal);
  const auto policy = context.setup.services.policies.current().policy;
  const std::string& folder = policy->configuration().reports.state;
  Json days = Json::array();
  const auto known = reporting::days_in(folder);
  for (const reporting::Day day : known) days.push_back(to_string(day));
  Json answer{{"day", nullptr}, {"days", std::move(days)}, {"total", 0}, {"reports", Json::array()}};
  if (!wanted && known.empty()) return json_response(answer);
  const reporting::Day day = wanted ? *wanted : known.front();
  const auto entries = reporting::read_day(folder, day).entries;
  answer["day"] = to_string(day);
  answer["total"] = entries.size();
  for (const auto& [key, entry] : entries) {
    if (answer["reports"].size() == limit) break;
    answer["reports"].push_back(to_json(day, entry));
  }
  return json_response(answer);
}

}  // namespace connectord::api
