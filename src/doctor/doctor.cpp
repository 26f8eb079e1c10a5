#include "connectord/doctor/doctor.h"

#include <ctime>

#include "connectord/runtime/load_policy.h"

namespace connectord::doctor {
namespace {

void examine_warnings(const std::vector<model::Problem>& problems, const Patient& patient, Findings& findings) {
  for (const model::Problem& problem : problems) {
    // Sendmail has no policy protocol that could be missing.
    const bool is_for_postfix = problem.key == "server.policy" && patient.sendmail && !patient.postfix;
    if (problem.severity == model::Problem::Severity::error || is_for_postfix) continue;
    findings.warn("configuration", to_string(problem), "see docs/configuration.md");
  }
}

void examine_all(const std::string& file, const mta::MailServerPlaces& places, Findings& findings) {
  const runtime::LoadedPolicy loaded =
      runtime::load_policy(file, runtime::environment_of_host(), runtime::SecretFiles::leave);
  for (const model::Problem& problem : loaded.problems) {
    if (problem.severity != model::Problem::Severity::error) continue;
    findings.critical("configuration", to_string(problem), "mend it, and: connectorctl check --config " + file);
  }
  if (!loaded.policy) return;
  Patient patient{file, loaded.policy->configuration(), *loaded.policy, static_cast<std::int64_t>(std::time(nullptr))};
  examine_daemon(patient, places, findings);
  examine_warnings(loaded.problems, patient, findings);
  examine_certificates(patient, findings);
  examine_machine(patient, findings);
  examine_mail_log(patient, findings);
  examine_trace(patient, findings);
  examine_dns(patient, findings);
}

}  // namespace

Findings examine(const std::string& configuration_file, const mta::MailServerPlaces& places) {
  Findings findings;
  examine_all(configuration_file, places, findings);
  findings.sort();
  return findings;
}

}  // namespace connectord::doctor
