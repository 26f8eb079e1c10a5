#include <filesystem>

#include "../attach/files.h"
#include "../attach/postfix_attachment.h"
#include "../attach/reach.h"
#include "../attach/running_daemon.h"
#include "../attach/sendmail_host.h"
#include "../attach/sendmail_plan.h"
#include "doctor.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

// True if connectord runs.
bool daemon(const Patient& patient, Findings& findings) {
  const auto health = ask_running_daemon(patient.common.configuration, patient.configuration.server.user);
  if (!health) {
    findings.critical("connectord", health.error(), "systemctl start connectord");
    return false;
  }
  const Json& reload = health->at("reload");
  if (reload.value("failed", false)) {
    findings.critical(
        "connectord", "the last reload failed, so an older configuration runs",
        "connectorctl check --config " + patient.common.configuration + ", then: systemctl reload connectord");
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
  const Asked asked = asked_so_far(*health);
  if (server.milter && asked.milter_sessions == 0) {
    findings.warn("connectord", "no mail server has asked the milter since connectord was started",
                  "connectorctl attach postfix, or see what is missing: connectorctl status");
  }
  findings.note("connectord", "runs, " + health->value("version", std::string()));
  return true;
}

void postfix(Patient& patient, const std::string& folder, bool runs, Findings& findings) {
  auto setup = read_postfix(folder);
  if (!setup) return findings.critical("postfix", setup.error(), "postconf -c " + folder + " -n");
  const Wanted wanted = wanted_by(patient.common.configuration, patient.configuration);
  const Plan plan = plan_postfix(*setup, wanted);
  for (const Change& change : plan.changes) {
    findings.critical("postfix", change.parameter + ": " + change.reason,
                      postconf_line(*setup, change.parameter + " = " + change.after));
  }
  for (const auto& missing : {plan.refusals, plan.open}) {
    for (const Advice& advice : missing) findings.critical("postfix", advice.what, advice.write);
  }
  for (const Advice& advice : plan.warnings) findings.warn("postfix", advice.what, advice.write);
  if (runs) {
    for (const Advice& advice : unreachable_listeners(*setup, wanted)) {
      findings.critical("sockets", advice.what, advice.write);
    }
  }
  if (!PostfixInstance(folder).is_running()) {
    findings.critical("postfix", "it does not run", "postfix -c " + folder + " start");
  }
  findings.note("postfix", setup->version + " in " + folder);
  patient.postfix = std::move(*setup);
}

void sendmail(const Patient& patient, const SendmailHost& host, Findings& findings) {
  const auto text = read_file(host.cf());
  if (!text) {
    return findings.critical("sendmail", text.error(),
                             "make it of sendmail.mc: make -C " + host.cf().parent_path().string());
  }
  const SendmailCf cf = read_sendmail_cf(*text);
  const SendmailPlan plan = plan_sendmail(cf, wanted_by(patient.common.configuration, patient.configuration));
  for (const SendmailChange& change : plan.changes) findings.critical("sendmail", change.what, change.lines);
  for (const auto& missing : {plan.refusals, plan.open}) {
    for (const Advice& advice : missing) findings.critical("sendmail", advice.what, advice.write);
  }
  if (!SendmailHost::process(cf)) findings.critical("sendmail", "it does not run", "systemctl start sendmail");
  findings.note("sendmail", cf.version + ", " + host.cf().string());
}

}  // namespace

void examine_daemon(Patient& patient, const MailServerFiles& files, Findings& findings) {
  const bool runs = daemon(patient, findings);
  const SendmailHost host(files.sendmail_mc);
  std::error_code error;
  if (!files.sendmail_named && std::filesystem::exists(files.postfix_folder + "/main.cf", error)) {
    postfix(patient, files.postfix_folder, runs, findings);
  } else if (files.sendmail_named || std::filesystem::exists(host.cf(), error)) {
    sendmail(patient, host, findings);
  } else {
    findings.note("mail server", "there is no Postfix in " + files.postfix_folder + " and no Sendmail with its " +
                                     files.sendmail_mc + "; name it with --postfix-config or --sendmail-mc");
  }
}

}  // namespace connectord::ctl
