#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "connectord/doctor/findings.h"
#include "connectord/doctor/sendmail_setup.h"
#include "connectord/engine/policy.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/mta/postfix_setup.h"
#include "connectord/trace/search.h"

// What is wrong with the whole arrangement: connectord, the mail server, DNS, files, the machine. Looks only.
namespace connectord::doctor {

// All of it, the critical ones first. Forks, so it must be called while there is one thread.
Findings examine(const std::string& configuration_file, const mta::MailServerPlaces& places);

// What the examinations share. `now` is in seconds since 1970.
struct Patient {
  const std::string& configuration_file;
  const model::Configuration& configuration;
  const engine::Policy& policy;
  std::int64_t now = 0;
  std::optional<pid_t> daemon{};               // the connectord that runs
  std::optional<mta::PostfixSetup> postfix{};  // those that are looked at
  std::optional<SendmailSetup> sendmail{};
};

// connectord and the mail server. Forks, so it must be called while there is one thread.
void examine_daemon(Patient& patient, const mta::MailServerPlaces& places, Findings& findings);
// A Sendmail: its settings, its files, and the sockets as it sees them. `runs` says whether connectord does.
void examine_sendmail(Patient& patient, const mta::SendmailHost& host, bool runs, Findings& findings);
// Certificates that end: of the mail server, the API, partners as validations saw them; authorities. And failed
// validations.
void examine_certificates(const Patient& patient, Findings& findings);
// Whether the resolver answers.
void examine_dns(const Patient& patient, Findings& findings);
// Disk and clock.
void examine_machine(const Patient& patient, Findings& findings);
// Whether connectord may read the mail server's log. Forks.
void examine_mail_log(const Patient& patient, Findings& findings);
// What the message trace tells: connectors without mail, mail that matches none, facts that do not arrive, deliveries
// that nobody tells of. Without a trace, a note.
void examine_trace(const Patient& patient, Findings& findings);
// The same on an archive that is open.
void examine_archive(const Patient& patient, trace::Archive& archive, Findings& findings);

}  // namespace connectord::doctor
