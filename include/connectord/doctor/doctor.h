#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "connectord/doctor/findings.h"
#include "connectord/doctor/sendmail_setup.h"
#include "connectord/engine/policy.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/mta/postfix_setup.h"
#include "connectord/mta/queue_report.h"
#include "connectord/trace/search.h"

// What is wrong with the whole arrangement: connectord, the mail server, mail, DNS, files, the machine. Looks only.
namespace connectord::doctor {

struct Request {
  std::string configuration_file;
  mta::MailServerPlaces places{};
  // From when on mail is looked at, in seconds since 1970; empty: a day, or what a check needs for its result.
  std::optional<std::int64_t> since{};
  // False: only what decides about mail now, which is quick. True: also what will be, and what it stands on:
  // certificates, validations, DNS, disk, clock, log, connectors without mail.
  bool whole = true;
};

// Which mail server `connectorctl attach` would do the rest for.
enum class Attachable : std::uint8_t { nothing, postfix, sendmail };

struct Report {
  Findings findings;              // the critical ones first
  nlohmann::ordered_json health;  // of the connectord that runs, as runtime::read_health_document() has it; or null
  std::string postfix_version;    // empty where no Postfix was looked at, or it could not be read
  std::string sendmail_version;
  std::string sendmail_cf;  // its file
  Attachable attachable = Attachable::nothing;
};

// Forks, so it must be called while there is one thread. Waits for a bounded time for each part.
Report examine(const Request& request);

// What the examinations share. `now` and `since` are in seconds since 1970.
struct Context {
  const std::string& configuration_file;
  const model::Configuration& configuration;
  const engine::Policy& policy;
  std::int64_t now = 0;
  std::optional<std::int64_t> since{};         // Request::since
  nlohmann::ordered_json health{};             // of the connectord that runs; or null
  std::optional<pid_t> daemon{};               // the connectord that runs
  std::optional<mta::PostfixSetup> postfix{};  // those that are looked at
  std::optional<SendmailSetup> sendmail{};
};

// connectord: whether it runs, with what configuration, and whether it can keep its trace.
void examine_daemon(Context& context, Findings& findings);
// Of a member of a fleet: its generation, and what of its trace the database has. Pure.
void examine_fleet(const Context& context, Findings& findings);
// The mail servers that are there. Fork, so they must be called while there is one thread.
void examine_mail_servers(Context& context, const mta::MailServerPlaces& places, Report& report);
// A Sendmail: its settings, its files, and the sockets as it sees them. `runs` says whether connectord does. True if
// attach would do what is missing.
bool examine_sendmail(Context& context, const mta::SendmailHost& host, bool runs, Findings& findings);
// Certificates that end: of the mail server, the API, partners as validations saw them; authorities. And failed
// validations.
void examine_certificates(const Context& context, Findings& findings);
// Why no TLSA record can count with this configuration, by what its resolver answers; empty where one can, and where
// nothing goes by them.
std::string problem_with_dane(const model::Configuration& configuration);
// Whether the resolver answers, and validates where it must.
void examine_dns(const Context& context, Findings& findings);
// What our own domains publish about TLS of mail to them, against what their hosts show: MTA-STS, DANE, TLSRPT.
void examine_published(const Context& context, Findings& findings);
// Disk and clock.
void examine_machine(const Context& context, Findings& findings);
// Whether connectord may read the mail server's log. Forks.
void examine_mail_log(const Context& context, Findings& findings);
// What waits in the mail server's queue for a next hop that does not take it. Runs the mail server's programs.
void examine_queue(const Context& context, Findings& findings);
// The same of a queue that was read. Pure.
void judge_queue(const Context& context, const mta::QueueReport& queue, Findings& findings);
// What the message trace shows. `whole`: see Request. Without a trace, a note.
void examine_trace(const Context& context, bool whole, Findings& findings);
// On an archive that is open: connectors without mail, mail that matches none, facts that do not arrive, deliveries
// that nobody reports.
void examine_archive(const Context& context, trace::Archive& archive, Findings& findings);
// And how mail of connectors fares: whether it is refused that was taken before, and judged as what it is.
void examine_mail(const Context& context, trace::Archive& archive, Findings& findings);

}  // namespace connectord::doctor
