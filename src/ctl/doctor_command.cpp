// doctor: the whole arrangement from end to end. status: what decides about mail now.
#include <memory>
#include <optional>
#include <ostream>

#include "commands.h"
#include "connectord/base/time.h"
#include "connectord/doctor/doctor.h"
#include "connectord/doctor/report_json.h"
#include "findings_report.h"
#include "json_output.h"
#include "mail_server_options.h"
#include "moment_argument.h"
#include "status_table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  mta::MailServerPlaces places;
  std::string since;
};

Status run_doctor(const doctor::Report& report, const Common& common, const Terminal& terminal) {
  const doctor::Findings& findings = report.findings;
  const Status status = status_of(findings);
  if (!common.json) {
    print_issues(findings, terminal);
    print_summary(findings, terminal);
    return status;
  }
  print_json(to_json(findings), terminal.out);
  return status;
}

Json json_of(const doctor::Report& report, const std::string& folder) {
  Json missing = Json::array();
  Json notes = Json::array();
  for (const doctor::Issue& issue : report.findings.issues()) {
    (issue.severity == doctor::Severity::critical ? missing : notes).push_back(to_json(issue));
  }
  for (const auto& [area, what] : report.findings.notes()) {
    notes.push_back({{"severity", "note"}, {"area", area}, {"what", what}, {"why", nullptr}, {"write", ""}});
  }
  const auto server = [](const std::string& version, const char* key, const std::string& file) {
    return version.empty() ? Json(nullptr) : Json{{"version", version}, {key, file}};
  };
  return {{"ok", missing.empty()},
          {"running", report.health.is_object()},
          {"connectord", report.health},
          {"postfix", server(report.postfix_version, "configuration_directory", folder)},
          {"sendmail", server(report.sendmail_version, "sendmail_cf", report.sendmail_cf)},
          {"missing", missing},
          {"notes", notes}};
}

Status run_status(const doctor::Report& report, const std::string& folder, const Common& common,
                  const Terminal& terminal) {
  const bool is_well = report.findings.count(doctor::Severity::critical) == 0;
  if (common.json) {
    print_json(json_of(report, folder), terminal.out);
  } else {
    print_issues(report.findings, terminal);
    print_status_table(report, folder, terminal);
    const char* server = report.attachable == doctor::Attachable::postfix    ? "postfix"
                         : report.attachable == doctor::Attachable::sendmail ? "sendmail"
                                                                             : nullptr;
    if (server != nullptr) {
      terminal.out << "connectorctl attach " << server << " shows and does all that " << server << " lacks here\n";
    }
    print_summary(report.findings, terminal);
  }
  return is_well ? Status::answered : Status::wrong_input;
}

// What `run` makes of an examination, or why there can be none.
Status examined(const CommandLine& line, const Arguments& arguments, bool whole,
                const std::function<Status(const doctor::Report&)>& run) {
  doctor::Request request{.configuration_file = line.common.configuration, .places = arguments.places, .whole = whole};
  const auto times = read_times(arguments.since, "");
  if (!times) {
    line.terminal.error << times.error() << '\n';
    return Status::wrong_input;
  }
  if (times->since) request.since = *times->since / base::second_ms;
  return run(doctor::examine(request));
}

void add(const CommandLine& line, const char* name, const char* help, bool whole) {
  const Subcommand command = line.command(name, help);
  const auto arguments = std::make_shared<Arguments>();
  const MailServerOptions options(command, arguments->places);
  command.add_option("--since", arguments->since,
                     "From when on mail is looked at: 2h, 7d, 2026-11-21T12:00; "
                     "default: a day, or what a check needs to tell");
  command.callback([line, arguments, options, whole] {
    options.note_named(arguments->places);
    line.status = examined(line, *arguments, whole, [&](const doctor::Report& report) {
      return whole ? run_doctor(report, line.common, line.terminal)
                   : run_status(report, arguments->places.folder, line.common, line.terminal);
    });
  });
}

}  // namespace

void add_doctor_command(const CommandLine& line) {
  add(line, "status", "Tell how connectord and its mail are now, and what the mail server lacks to ask it", false);
  add(line, "doctor", "Look at the whole arrangement, and say what is wrong and what mends it; changes nothing", true);
}

}  // namespace connectord::ctl
