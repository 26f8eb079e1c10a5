// doctor: the whole arrangement from end to end.
#include <memory>
#include <ostream>
#include <sstream>

#include "commands.h"
#include "connectord/base/display_control.h"
#include "connectord/doctor/doctor.h"
#include "finding_text.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string_view word(doctor::Severity severity) {
  return severity == doctor::Severity::critical ? "critical" : "warning";
}

// May be lines of a file, in which tabs count.
void print_write(const std::string& write, const std::string& indent, std::ostream& out) {
  std::istringstream lines(write);
  const char* mark = "-> ";
  for (std::string line; std::getline(lines, line); mark = "   ") {
    out << indent << mark;
    std::istringstream columns(line);
    const char* separator = "";
    for (std::string column; std::getline(columns, column, '\t'); separator = "\t") {
      out << separator << harmless(column);
    }
    out << '\n';
  }
}

void print(const doctor::Findings& findings, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  constexpr std::size_t width = 10;
  for (const auto& [area, what] : findings.notes())
    terminal.out << "          " << area << ": " << harmless(what) << '\n';
  for (const doctor::Trouble& trouble : findings.troubles()) {
    std::string severity(word(trouble.severity));
    severity.resize(width, ' ');
    terminal.out << paint(severity, trouble.severity == doctor::Severity::critical ? red : yellow) << trouble.area
                 << ": " << harmless(trouble.what) << '\n';
    print_write(trouble.write, std::string(width, ' '), terminal.out);
  }
}

void print_json(const doctor::Findings& findings, Status status, std::ostream& out) {
  Json object{{"result", status == Status::answered ? "ok" : status == Status::critical ? "critical" : "warning"}};
  object["troubles"] = Json::array();
  for (const doctor::Trouble& trouble : findings.troubles()) {
    object["troubles"].push_back({{"severity", word(trouble.severity)},
                                  {"area", trouble.area},
                                  {"what", trouble.what},
                                  {"write", trouble.write}});
  }
  object["notes"] = Json::array();
  for (const auto& [area, what] : findings.notes()) object["notes"].push_back({{"area", area}, {"what", what}});
  out << base::escape_display_controls(object.dump(2, ' ', false, Json::error_handler_t::replace)) << '\n';
}

Status status_of(const doctor::Findings& findings) {
  if (findings.troubles().empty()) return Status::answered;
  return findings.troubles().front().severity == doctor::Severity::critical ? Status::critical : Status::warned;
}

Status run_doctor(const Common& common, const mta::MailServerPlaces& places, const Terminal& terminal) {
  const doctor::Findings findings = doctor::examine(common.configuration, places);
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

void add_doctor_command(const CommandLine& line) {
  const Subcommand command =
      line.command("doctor", "Look at the whole arrangement, and say what is wrong and what mends it; changes nothing");
  const auto places = std::make_shared<mta::MailServerPlaces>();
  const Option postfix =
      command.add_option("--postfix-config", places->folder, "The folder of Postfix's main.cf").capture_default_str();
  const Option sendmail =
      command.add_option("--sendmail-mc", places->sendmail_mc, "Sendmail's sendmail.mc, where it is Sendmail")
          .capture_default_str();
  command.callback([line, places, postfix, sendmail] {
    places->postfix_named = postfix.is_given();
    places->sendmail_named = sendmail.is_given();
    line.status = run_doctor(line.common, *places, line.terminal);
  });
}

}  // namespace connectord::ctl
