#include <unistd.h>

#include <cerrno>

#include "connectord/base/accounts.h"
#include "connectord/doctor/doctor.h"
#include "connectord/mta/sendmail_plan.h"
#include "connectord/net/listener.h"
#include "process_access.h"
#include "sendmail_files.h"
#include "sendmail_judgement.h"

namespace connectord::doctor {
namespace {

class SendmailCheck {
 public:
  SendmailCheck(const SendmailSetup& setup, const mta::MtaRequirements& required, Findings& findings)
      : setup_(setup), required_(required), findings_(findings), trust_(trust_of(setup.cf)) {}

  void run(bool connectord_runs) {
    for (const auto& [key, endpoint] :
         {std::pair("milter", required_.milter), std::pair("socketmap", required_.socketmap)}) {
      if (endpoint) socket(key, *endpoint, connectord_runs);
    }
    tls_files();
  }

 private:
  void socket(const std::string& key, const net::Endpoint& endpoint, bool connectord_runs) {
    const auto unsafe =
        endpoint.kind == net::Endpoint::Kind::unix_socket ? unsafe_folder(endpoint.path, trust_) : std::nullopt;
    if (unsafe) findings_.critical("sockets", "server." + key + ": " + unsafe->what, unsafe->write);
    // Without one that runs, that alone is reported.
    if (!connectord_runs) return;
    if (net::knock(endpoint)) return rights(endpoint);
    findings_.critical(
        "sockets",
        "connectord does not answer at server." + key + ", " + endpoint.to_string() + ", as Sendmail would reach it",
        "systemctl restart connectord");
  }

  // Its daemon is root's, unless RunAsUser says otherwise.
  void rights(const net::Endpoint& endpoint) {
    const std::string runs_as = setup_.cf.option("RunAsUser");
    const std::string user = runs_as.substr(0, runs_as.find(':'));
    const auto rights = user.empty() ? std::nullopt : rights_of_user(user);
    if (!rights || endpoint.kind != net::Endpoint::Kind::unix_socket) return;
    if (error_of_access(endpoint.path, R_OK | W_OK, *rights).value_or(0) != EACCES) return;
    findings_.critical("sockets", "the user " + user + " (RunAsUser) may not connect to " + endpoint.to_string(),
                       "in [server] of " + required_.file + ": socket_group = \"" +
                           base::name_of_group(rights->group).value_or(user) +
                           "\" and socket_mode = \"0660\"\nthen: systemctl restart connectord && " + restart_line);
  }

  // Only where there are such files; that there should be is reported already.
  void tls_files() {
    const bool needed = required_.tls || required_.certificates();
    for (const mta::Advice& advice : unusable_tls_files(setup_.cf, trust_)) {
      findings_.add({needed ? Severity::critical : Severity::warning, "sendmail",
                     "Sendmail offers no STARTTLS: " + advice.what, advice.write + "\nthen: " + restart_line});
    }
  }

  const SendmailSetup& setup_;
  const mta::MtaRequirements& required_;
  Findings& findings_;
  SendmailTrust trust_;
};

}  // namespace

bool examine_sendmail(Context& context, const mta::SendmailHost& host, bool runs, Findings& findings) {
  auto setup = read_sendmail(host);
  if (!setup) {
    findings.critical("sendmail", setup.error(),
                      "make -C " + host.mc().parent_path().string() + " sendmail.cf, and: systemctl start sendmail");
    return false;
  }
  const mta::MtaRequirements required = mta::mta_requirements_of(context.configuration_file, context.configuration);
  judge_sendmail(*setup, required, context.configuration, findings);
  SendmailCheck(*setup, required, findings).run(runs);
  const mta::SendmailPlan plan = mta::plan_sendmail(setup->cf, required);
  context.sendmail = std::move(*setup);
  return !plan.changes.empty() && plan.refusals.empty();
}

}  // namespace connectord::doctor
