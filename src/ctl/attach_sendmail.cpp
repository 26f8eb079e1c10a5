// connectorctl attach sendmail, detach sendmail
#include <ostream>

#include "attach_commands.h"
#include "attach_report.h"
#include "configuration_file.h"
#include "connectord/mta/sendmail_attachment.h"
#include "json_output.h"

namespace connectord::ctl {
namespace {

using mta::SendmailReport;

void print_sendmail_json(const SendmailReport& report, std::ostream& out) {
  Json object;
  object["mta"] = "Sendmail";
  object["sendmail_mc"] = report.file;
  add_result(report, object);
  object["reasons"] = report.reasons;
  object["diff"] = diff_of(report);
  add_advice(report, object);
  object["restored_to_the_byte"] = report.restored_whole;
  print_json(object, out);
}

void print_result(const SendmailReport& report, const Terminal& terminal) {
  std::ostream& out = terminal.out;
  switch (report.result) {
    case mta::Result::refused:
      terminal.error << report.file << ": nothing is changed\n";
      return;
    case mta::Result::attached_already:
    case mta::Result::not_attached:
      out << report.file << ": " << to_string(report.result) << ", nothing to do\n";
      return;
    case mta::Result::would_attach:
    case mta::Result::would_detach:
      out << "Nothing is changed yet. To do it, say --yes; sendmail.cf is then made by m4, and Sendmail told by "
             "SIGHUP\n";
      return;
    case mta::Result::detached:
      out << report.file << ": detached"
          << (report.restored_whole ? "; it and sendmail.cf are what they were before attach, to the byte"
                                    : "; sendmail.cf is made anew, the copies *.before-connectord are left")
          << (report.runs ? "" : "; Sendmail does not run") << '\n';
      return;
    default:
      out << report.file << ": attached; as it was before: " << report.file << ".before-connectord\n"
          << (report.proof.empty() ? "not proved: no probe was made" : report.proof) << '\n';
  }
}

Status print(const SendmailReport& report, const Common& common, const Terminal& terminal) {
  if (common.json) {
    print_sendmail_json(report, terminal.out);
  } else if (!report.error.empty()) {
    terminal.error << "connectorctl: " << report.error << '\n';
  } else {
    if (report.differs) {
      for (const std::string& reason : report.reasons) terminal.out << reason << '\n';
      terminal.out << '\n' << diff_of(report) << '\n';
    }
    print_advice(report, terminal);
    print_result(report, terminal);
  }
  return status_of(report);
}

}  // namespace

Status attach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  return print(mta::attach_sendmail(arguments.sendmail_mc, order_of(arguments, common), policy->configuration()),
               common, terminal);
}

Status detach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  return print(mta::detach_sendmail(arguments.sendmail_mc, order_of(arguments, common)), common, terminal);
}

}  // namespace connectord::ctl
