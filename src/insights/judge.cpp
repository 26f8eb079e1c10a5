#include "connectord/insights/judge.h"

#include <algorithm>
#include <tuple>

#include "judgement.h"

namespace connectord::insights {

std::vector<Insight> judge(const Observations& seen, const Thresholds& thresholds) {
  std::vector<Insight> found;
  const Judgement judgement{seen, thresholds, found};
  judge_state(judgement);
  judge_flows(judgement);
  judge_messages(judgement);
  judge_domains(judgement);
  std::stable_sort(found.begin(), found.end(), [](const Insight& a, const Insight& b) {
    return std::tie(b.severity, a.name, a.about) < std::tie(a.severity, b.name, b.about);
  });
  return found;
}

const std::vector<std::string>& kinds() {
  static const std::vector<std::string> names = {
      "bounces_by_code",    "certificate_ends", "certificate_new",  "connector_unused",
      "connectors_overlap", "deferrals_risen",  "dkim_key_old",     "dmarc_would_refuse",
      "mail_loop",          "mx_changed",       "mx_elsewhere",     "own_domain_from_outside",
      "own_mail_unsigned",  "partner_silent",   "queue_waits",      "refusals_by_code",
      "refusals_risen",     "rule_not_asked",   "rule_slow",        "tls_weak",
      "trace_not_written",  "trace_lags",       "validation_failed"};
  return names;
}

}  // namespace connectord::insights
