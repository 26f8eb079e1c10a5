#include "connectord/doctor/doctor.h"
#include "connectord/mta/listener_access.h"
#include "connectord/mta/postfix_instance.h"
#include "connectord/mta/postfix_reality.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/mta/sendmail_host.h"
#include "connectord/mta/time_limit.h"
#include "dns_budget.h"

namespace connectord::doctor {
namespace {

// Postfix gives a message up when its last answer takes longer.
void compare_time_limits(const mta::PostfixSetup& setup, const model::Configuration& configuration,
                         Findings& findings) {
  const auto limit = mta::mta_seconds(setup.effective("milter_content_timeout"));
  const auto budget = seconds_for_dns(configuration);
  if (!budget || !limit || *limit > *budget) return;
  findings.warn("postfix",
                "milter_content_timeout is " + std::to_string(*limit) + " s, and connectord waits up to " +
                    std::to_string(*budget) + " s for DNS (dns.budget): slow DNS defers mail",
                mta::postconf_line(setup, "milter_content_timeout = 300s"));
}

void judge_plan(const mta::PostfixSetup& setup, const mta::MtaRequirements& required, Report& report) {
  Findings& findings = report.findings;
  mta::Plan plan = mta::plan_postfix(setup, required);
  for (const mta::Change& change : plan.changes) {
    findings.add(Severity::critical, "postfix", mta::advice_of(setup, change));
  }
  for (const mta::ServiceChange& change : plan.services) {
    findings.add(change.lines.empty() ? Severity::warning : Severity::critical, "postfix",
                 mta::advice_of(setup, change));
  }
  const bool lacks_something = !plan.changes.empty() || !plan.services.empty();
  if (lacks_something && plan.refusals.empty()) report.attachable = Attachable::postfix;
  for (auto* missing : {&plan.refusals, &plan.open}) {
    for (mta::Advice& advice : *missing) findings.add(Severity::critical, "postfix", std::move(advice));
  }
  for (mta::Advice& advice : plan.warnings) findings.add(Severity::warning, "postfix", std::move(advice));
}

void examine_postfix(Context& context, const std::string& folder, Report& report) {
  Findings& findings = report.findings;
  auto setup = mta::read_postfix(folder);
  if (!setup) return findings.critical("postfix", setup.error(), "postconf -c " + folder + " -n");
  report.postfix_version = setup->version;
  const mta::MtaRequirements required = mta::mta_requirements_of(context.configuration_file, context.configuration);
  if (!mta::PostfixInstance(folder).is_running()) {
    findings.critical("postfix", "Postfix does not run", "postfix -c " + folder + " start");
  }
  for (mta::Advice& advice : mta::unserved_socketmaps(*setup, required)) {
    findings.add(Severity::critical, "postfix", std::move(advice));
  }
  for (mta::Advice& advice : mta::unusable_tls_files(*setup)) {
    findings.add(Severity::critical, "tls", std::move(advice));
  }
  judge_plan(*setup, required, report);
  compare_time_limits(*setup, context.configuration, findings);
  if (context.health.is_object()) {
    for (mta::Advice& advice : mta::unreachable_listeners(*setup, required)) {
      findings.add(Severity::critical, "sockets", std::move(advice));
    }
    findings.seen("sockets", "Postfix reaches connectord");
  }
  findings.seen("postfix", setup->version + " in " + folder);
  context.postfix = std::move(*setup);
}

void was_asked(const Context& context, Findings& findings) {
  if (!context.health.is_object() || !context.configuration.server.milter) return;
  if (mta::asked_so_far(context.health).milter_sessions > 0) return;
  findings.note("connectord", "no mail server has asked the milter since connectord was started");
}

}  // namespace

void examine_mail_servers(Context& context, const mta::MailServerPlaces& places, Report& report) {
  const mta::MailServers servers = mta::mail_servers_of(places, context.health);
  if (servers.postfix) examine_postfix(context, places.folder, report);
  if (servers.sendmail) {
    const bool attachable =
        examine_sendmail(context, mta::SendmailHost(places.sendmail_mc), context.health.is_object(), report.findings);
    if (attachable) report.attachable = Attachable::sendmail;
    if (context.sendmail) {
      report.sendmail_version = context.sendmail->cf.version;
      report.sendmail_cf = context.sendmail->cf_file;
    }
  }
  if (servers.postfix || servers.sendmail) return was_asked(context, report.findings);
  report.findings.note("mail server", "there is no Postfix in " + places.folder + " and no Sendmail with its " +
                                          places.sendmail_mc + "; name it with --postfix-config or --sendmail-mc");
}

}  // namespace connectord::doctor
