// doctor: the whole arrangement from end to end.
#include <algorithm>
#include <ctime>
#include <memory>
#include <ostream>

#include "../commands.h"
#include "../configuration_file.h"
#include "../finding_text.h"
#include "../table.h"
#include "doctor.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string_view word(Severity severity) {
  return severity == Severity::critical ? "critical" : "warning";
}

void print(const Findings& findings, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  constexpr std::size_t width = 10;
  for (const auto& [area, what] : findings.notes())
    terminal.out << "          " << area << ": " << harmless(what) << '\n';
  for (const Trouble& trouble : findings.troubles()) {
    std::string severity(word(trouble.severity));
    severity.resize(width, ' ');
    terminal.out << paint(severity, trouble.severity == Severity::critical ? red : yellow) << trouble.area << ": "
                 << harmless(trouble.what) << '\n'
                 << std::string(width, ' ') << "-> " << harmless(trouble.write) << '\n';
  }
}

void print_json(const Findings& findings, Status status, std::ostream& out) {
  Json object{{"result", status == Status::answered ? "ok" : status == Status::critical ? "critical" : "warning"}};
  object["troubles"] = Json::array();
  for (const Trouble& trouble : findings.troubles()) {
    object["troubles"].push_back({{"severity", word(trouble.severity)},
                                  {"area", trouble.area},
                                  {"what", trouble.what},
                                  {"write", trouble.write}});
  }
  object["notes"] = Json::array();
  for (const auto& [area, what] : findings.notes()) object["notes"].push_back({{"area", area}, {"what", what}});
  out << object.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

Status status_of(const Findings& findings) {
  if (findings.troubles().empty()) return Status::answered;
  return findings.troubles().front().severity == Severity::critical ? Status::critical : Status::warned;
}

void examine(const Common& common, const MailServerFiles& files, Findings& findings) {
  const session::LoadedPolicy loaded = load(common, session::SecretFiles::leave);
  for (const model::Problem& problem : loaded.problems) {
    const std::string text = to_string(problem);
    if (problem.severity == model::Problem::Severity::error) {
      findings.critical("configuration", text, "mend it, and: connectorctl check --config " + common.configuration);
    } else {
      findings.warn("configuration", text, "see docs/configuration.md");
    }
  }
  if (!loaded.policy) return;
  Patient patient{common, loaded.policy->configuration(), *loaded.policy,
                  static_cast<std::int64_t>(std::time(nullptr))};
  examine_daemon(patient, files, findings);
  examine_certificates(patient, findings);
  examine_machine(patient, findings);
  examine_trace(patient, findings);
  examine_dns(patient, findings);
}

Status run_doctor(const Common& common, const MailServerFiles& files, const Terminal& terminal) {
  Findings findings;
  examine(common, files, findings);
  findings.sort();
  const Status status = status_of(findings);
  if (common.json) {
    print_json(findings, status, terminal.out);
    return status;
  }
  print(findings, terminal);
  if (status == Status::answered) terminal.out << "all is well\n";
  return status;
}

}  // namespace

void Findings::critical(std::string area, std::string what, std::string write) {
  troubles_.push_back({Severity::critical, std::move(area), std::move(what), std::move(write)});
}

void Findings::warn(std::string area, std::string what, std::string write) {
  troubles_.push_back({Severity::warning, std::move(area), std::move(what), std::move(write)});
}

void Findings::note(std::string area, std::string what) {
  notes_.emplace_back(std::move(area), std::move(what));
}

void Findings::sort() {
  std::stable_sort(troubles_.begin(), troubles_.end(),
                   [](const Trouble& a, const Trouble& b) { return a.severity > b.severity; });
}

void add_doctor_command(const CommandLine& line) {
  CLI::App* command =
      line.command("doctor", "Look at the whole arrangement, and say what is wrong and what mends it; changes nothing");
  const auto files = std::make_shared<MailServerFiles>();
  command->add_option("--postfix-config", files->postfix_folder, "The folder of Postfix's main.cf")
      ->capture_default_str();
  CLI::Option* sendmail =
      command->add_option("--sendmail-mc", files->sendmail_mc, "Sendmail's sendmail.mc, where it is Sendmail")
          ->capture_default_str();
  command->callback([line, files, sendmail] {
    files->sendmail_named = sendmail->count() > 0;
    line.status = run_doctor(line.common, *files, line.terminal);
  });
}

}  // namespace connectord::ctl
