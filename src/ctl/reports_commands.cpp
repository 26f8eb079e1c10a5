// reports read: what others report about our mail and our TLS.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "connectord/base/time.h"
#include "connectord/reports/judgement.h"
#include "finding_text.h"
#include "input.h"
#include "json_output.h"
#include "reports_text.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string counted(std::uint64_t count, const char* one, const char* several) {
  return std::to_string(count) + " " + (count == 1 ? one : several);
}

void print(const std::vector<reports::Complaint>& complaints, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  for (const reports::Complaint& one : complaints) {
    terminal.out << "    " << one.count << ": " << paint(harmless(one.what), yellow) << '\n';
    if (!one.hint.empty()) terminal.out << "      -> " << harmless(one.hint) << '\n';
  }
}

}  // namespace

void print_in_words(const reports::AggregateReport& report, const Terminal& terminal) {
  const reports::AggregateJudgement judgement = reports::judge(report);
  std::ostream& out = terminal.out;
  const Paint paint(terminal.colour);
  out << paint("DMARC, " + harmless(report.domain) + " by " + harmless(report.organization), bold) << ", "
      << base::utc_text(report.begin) << " to " << base::utc_text(report.end) << ": " << judgement.aligned << " of "
      << counted(judgement.messages, "message passes", "messages pass") << '\n';
  for (const reports::FailingSource& source : judgement.failing) {
    out << "  " << harmless(source.address) << ": " << source.failed << " of "
        << counted(source.messages, "message fails", "messages fail");
    if (source.rejected > 0) out << ", " << source.rejected << " rejected";
    if (source.quarantined > 0) out << ", " << source.quarantined << " put into quarantine";
    out << '\n';
    print(source.complaints, terminal);
  }
}

namespace {

void print(const reports::AggregateReport& report, const Terminal& terminal) {
  print_in_words(report, terminal);
}

void print(const reports::TlsReport& report, const Terminal& terminal) {
  const reports::TlsJudgement judgement = reports::judge(report);
  const Paint paint(terminal.colour);
  terminal.out << paint("TLS, by " + harmless(report.organization), bold) << ", " << harmless(report.begin) << " to "
               << harmless(report.end) << ": " << counted(judgement.successes, "session", "sessions") << " over TLS, "
               << judgement.failures << " failed\n";
  print(judgement.complaints, terminal);
}

Status read_reports(const Common& common, const std::vector<std::string>& files, const Terminal& terminal) {
  Status status = Status::answered;
  Json all = Json::array();
  for (const std::string& file : files) {
    const auto complain = [&](const std::string& why) {
      terminal.error << "connectorctl: " << harmless(file) << ": " << harmless(why) << '\n';
      status = Status::wrong_input;
    };
    const auto bytes = read_input(file, terminal.in);
    if (!bytes) {
      complain(bytes.error());
      continue;
    }
    const reports::ReportFile read = reports::read_report_file(*bytes);
    for (const std::string& problem : read.problems) complain(problem);
    if (read.reports.empty() && read.problems.empty()) {
      complain("there is no DMARC aggregate report (XML) and no TLS report (JSON) in it");
    }
    for (const reports::Report& report : read.reports) {
      if (common.json)
        all.push_back(reports::to_json(report));
      else
        std::visit([&](const auto& one) { print(one, terminal); }, report);
    }
  }
  if (common.json) print_json(all, terminal.out);
  return status;
}

}  // namespace

void add_reports_commands(const CommandLine& line) {
  const CommandLine below =
      line.group("reports", "Read what others report of our mail, and send what we report of theirs");
  const Subcommand command =
      below.command("read", "Say what DMARC aggregate reports and TLS reports mean, and what to change");
  const auto files = std::make_shared<std::vector<std::string>>();
  command
      .add_option("files", *files,
                  "XML or JSON, packed by gzip or as a zip, or the mail with these; - for standard input")
      .required();
  command.callback([line, files] { line.status = read_reports(line.common, *files, line.terminal); });
  add_sent_reports_commands(below);
}

}  // namespace connectord::ctl
