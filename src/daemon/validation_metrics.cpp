#include "validation_metrics.h"

#include <algorithm>
#include <string>
#include <vector>

#include "connectord/probe/results.h"

namespace connectord::daemon {
namespace {

void show(runtime::Metrics& metrics, const std::string& connector, std::int64_t time, bool passed,
          const std::vector<probe::SeenCertificate>& certificates) {
  metrics.validation_passed.with({connector}).set(passed ? 1 : 0);
  metrics.validation_time.with({connector}).set(static_cast<double>(time));
  const auto first = std::min_element(certificates.begin(), certificates.end(),
                                      [](const auto& a, const auto& b) { return a.not_after < b.not_after; });
  if (first == certificates.end()) return;
  metrics.validation_certificate_expiry.with({connector}).set(static_cast<double>(first->not_after));
}

}  // namespace

void show_validation(runtime::Metrics& metrics, const probe::Report& report) {
  show(metrics, report.connector, report.time, report.passed, report.certificates);
}

void show_last_validations(runtime::Metrics& metrics, const model::Configuration& configuration) {
  if (!configuration.validation.enabled) return;
  const auto last_result = probe::Results(configuration.validation.state).finder();
  for (const model::OutboundConnector& connector : configuration.outbound) {
    const auto last = last_result(probe::Direction::outbound, connector.name);
    if (last) show(metrics, connector.name, last->time, last->passed, last->certificates);
  }
}

}  // namespace connectord::daemon
