#include <nlohmann/json.hpp>

#include "connectord/doctor/doctor.h"
#include "connectord/mta/listener_access.h"
#include "connectord/mta/postfix_instance.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/mta/sendmail_host.h"
#include "mta_time.h"

namespace connectord::doctor {
namespace {

using Json = nlohmann::ordered_json;

// The health document of the connectord that runs; null if it does not.
Json daemon(const Patient& patient, Findings& findings) {
  const auto health = mta::ask_running_daemon(patient.configuration_file, patient.configuration.server.user);
  if (!health) {
    findings.critical("connectord", health.error(), "systemctl start connectord");
    return nullptr;
  }
  for (const Json& odd : health->value("odd", Json::array())) {
    findings.critical("connectord", "what it tells of itself is odd: " + odd.get<std::string>(),
                      "systemctl restart connectord, so that it is of this version");
  }
  const Json& reload = health->at("reload");
  if (reload.value("failed", false)) {
    findings.critical(
        "connectord", "the last reload failed, so an older configuration runs",
        "connectorctl check --config " + patient.configuration_file + ", then: systemctl reload connectord");
  }
  if (const auto trace = mta::trace_health(*health); trace && !trace->is_written) {
    findings.critical("trace", "connectord cannot write it since " + trace->since + ": " + trace->reason,
                      "make room, or mend the file; connectord tries again every second");
  }
  const model::Server& server = patient.configuration.server;
  const auto compare = [&](const char* key, const std::optional<net::Endpoint>& written) {
    const Json& open = health->at("listeners").value(key, Json());
    if (open == (written ? Json(written->to_string()) : Json())) return;
    findings.critical("connectord", std::string("server.") + key + " is not what the running connectord has",
                      "systemctl restart connectord");
  };
  compare("milter", server.milter);
  compare("policy", server.policy);
  compare("socketmap", server.socketmap);
  const mta::Asked asked = mta::asked_so_far(*health);
  if (server.milter && asked.milter_sessions == 0) {
    findings.warn("connectord", "no mail server has asked the milter since connectord was started",
                  "connectorctl attach postfix, or sendmail; or see what is missing: connectorctl status");
  }
  findings.note("connectord", "runs, " + health->value("version", std::string()));
  return *health;
}

// Postfix gives a message up when its last answer takes longer.
void compare_patience(const mta::PostfixSetup& setup, const model::Configuration& configuration, Findings& findings) {
  const auto patience = mta_seconds(setup.effective("milter_content_timeout"));
  const auto budget = seconds_for_dns(configuration);
  if (!budget || !patience || *patience > *budget) return;
  findings.warn("postfix",
                "milter_content_timeout is " + std::to_string(*patience) + " s, and connectord waits up to " +
                    std::to_string(*budget) + " s for DNS (dns.budget): slow DNS defers mail",
                mta::postconf_line(setup, "milter_content_timeout = 300s"));
}

void postfix(Patient& patient, const std::string& folder, bool runs, Findings& findings) {
  auto setup = mta::read_postfix(folder);
  if (!setup) return findings.critical("postfix", setup.error(), "postconf -c " + folder + " -n");
  const mta::Wanted wanted = mta::wanted_by(patient.configuration_file, patient.configuration);
  const mta::Plan plan = mta::plan_postfix(*setup, wanted);
  for (const mta::Change& change : plan.changes) {
    findings.critical("postfix", change.parameter + ": " + change.reason,
                      mta::postconf_line(*setup, change.parameter + " = " + change.after));
  }
  for (const auto& missing : {plan.refusals, plan.open}) {
    for (const mta::Advice& advice : missing) findings.critical("postfix", advice.what, advice.write);
  }
  for (const mta::Advice& advice : plan.warnings) findings.warn("postfix", advice.what, advice.write);
  compare_patience(*setup, patient.configuration, findings);
  if (runs) {
    for (const mta::Advice& advice : mta::unreachable_listeners(*setup, wanted)) {
      findings.critical("sockets", advice.what, advice.write);
    }
  }
  if (!mta::PostfixInstance(folder).is_running()) {
    findings.critical("postfix", "it does not run", "postfix -c " + folder + " start");
  }
  findings.note("postfix", setup->version + " in " + folder);
  patient.postfix = std::move(*setup);
}

}  // namespace

void examine_daemon(Patient& patient, const mta::MailServerPlaces& places, Findings& findings) {
  const Json health = daemon(patient, findings);
  const bool runs = health.is_object();
  if (runs) patient.daemon = health.value("pid", pid_t{0});
  const mta::MailServers servers = mta::mail_servers_of(places, health);
  if (servers.postfix) postfix(patient, places.folder, runs, findings);
  if (servers.sendmail) examine_sendmail(patient, mta::SendmailHost(places.sendmail_mc), runs, findings);
  if (servers.postfix || servers.sendmail) return;
  findings.note("mail server", "there is no Postfix in " + places.folder + " and no Sendmail with its " +
                                   places.sendmail_mc + "; name it with --postfix-config or --sendmail-mc");
}

}  // namespace connectord::doctor
