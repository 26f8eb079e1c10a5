#include "connectord/doctor/doctor.h"

#include "connectord/base/time.h"
#include "connectord/config/load.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/runtime/load_policy.h"

namespace connectord::doctor {
namespace {

void examine_warnings(const std::vector<model::Problem>& problems, const Context& context, Findings& findings) {
  for (const model::Problem& problem : problems) {
    // Sendmail has no policy protocol that could be missing.
    const bool is_for_postfix = problem.key == "server.policy" && context.sendmail && !context.postfix;
    if (problem.severity == model::Problem::Severity::error || is_for_postfix) continue;
    findings.warn("configuration", to_string(problem), "see docs/configuration.md");
  }
}

// Where the file's server.user cannot be read, the one that the package makes.
std::string user_in_broken(const std::string& file) {
  const std::string user = config::load(file, runtime::environment_of_host()).configuration.server.user;
  return user.empty() ? "connectord" : user;
}

// Without a configuration it is not known what connectord and the mail server should do, but whether it runs is.
void examine_without_configuration(const std::string& file, const std::vector<model::Problem>& problems,
                                   Report& report) {
  report.findings.critical("configuration",
                           file + " does not load, so connectord would neither start nor reload with it",
                           "connectorctl check --config " + file);
  for (const model::Problem& problem : problems) {
    if (problem.severity != model::Problem::Severity::error) continue;
    report.findings.critical("configuration", to_string(problem), "mend it, and: connectorctl check --config " + file);
  }
  auto health = mta::ask_running_daemon(file, user_in_broken(file));
  if (!health) return report.findings.add(Severity::critical, "connectord", std::move(health.error()));
  report.health = std::move(*health);
}

void examine_foundations(const Context& context, Findings& findings) {
  examine_certificates(context, findings);
  examine_machine(context, findings);
  examine_mail_log(context, findings);
  examine_dns(context, findings);
  examine_published(context, findings);
}

void examine_all(const Request& request, Report& report) {
  const std::string& file = request.configuration_file;
  const runtime::LoadedPolicy loaded =
      runtime::load_policy(file, runtime::environment_of_host(), runtime::SecretFiles::leave);
  if (!loaded.policy) return examine_without_configuration(file, loaded.problems, report);
  Context context{.configuration_file = file,
                  .configuration = loaded.policy->configuration(),
                  .policy = *loaded.policy,
                  .now = base::unix_time(),
                  .since = request.since};
  Findings& findings = report.findings;
  findings.seen("configuration", file);
  examine_daemon(context, findings);
  report.health = context.health;
  examine_fleet(context, findings);
  examine_mail_servers(context, request.places, report);
  examine_trace(context, request.whole, findings);
  examine_queue(context, findings);
  if (!request.whole) return;
  examine_warnings(loaded.problems, context, findings);
  examine_foundations(context, findings);
}

}  // namespace

Report examine(const Request& request) {
  Report report;
  examine_all(request, report);
  report.findings.sort();
  return report;
}

}  // namespace connectord::doctor
