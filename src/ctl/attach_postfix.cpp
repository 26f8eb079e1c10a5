// connectorctl attach postfix, detach postfix
#include <ostream>

#include "attach_commands.h"
#include "attach_report.h"
#include "configuration_file.h"
#include "connectord/mta/main_cf.h"
#include "connectord/mta/postfix_attachment.h"
#include "json_output.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using mta::PostfixReport;

Json described(const PostfixReport& report) {
  Json object;
  object["mta"] = report.version.empty() ? Json(nullptr) : Json("Postfix " + report.version);
  object["configuration_directory"] = report.folder;
  add_result(report, object);
  return object;
}

// Of both files.
std::string diff_of_files(const PostfixReport& report) {
  return diff_of(report) + mta::unified_diff(report.master_file, report.master_before, report.master_after);
}

void print_attached_json(const PostfixReport& report, std::ostream& out) {
  Json object = described(report);
  object["changes"] = Json::array();
  for (const mta::Change& change : report.changes) {
    object["changes"].push_back({{"parameter", change.parameter},
                                 {"before", change.before ? Json(*change.before) : Json(nullptr)},
                                 {"after", change.after},
                                 {"reason", change.reason}});
  }
  object["services"] = Json::array();
  for (const mta::ServiceChange& change : report.services) {
    object["services"].push_back({{"service", change.service},
                                  {"lines", change.lines.empty() ? Json(nullptr) : Json(change.lines)},
                                  {"reason", change.reason}});
  }
  object["diff"] = diff_of_files(report);
  add_advice(report, object);
  print_json(object, out);
}

// With the options that a person has given.
std::string again(const std::string& command, const PostfixReport& report) {
  const std::string folder = report.file.substr(0, report.file.rfind('/'));
  return "connectorctl " + command + (folder == "/etc/postfix" ? "" : " --postfix-config " + folder);
}

std::string attach_again(const PostfixReport& report, const Common& common) {
  const std::string& file = common.configuration;
  return again("attach postfix --yes" + (file == Common().configuration ? "" : " --config " + file), report);
}

void print_plan(const PostfixReport& report, const Terminal& terminal) {
  if (!report.changes.empty() || !report.services.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const mta::Change& change : report.changes) rows.push_back({change.parameter, change.reason});
    for (const mta::ServiceChange& change : report.services) rows.push_back({change.service, change.reason});
    write_table(terminal, rows);
    terminal.out << '\n' << diff_of_files(report) << '\n';
  }
  print_advice(report, terminal);
}

void print_attached(const PostfixReport& report, const Common& common, const Terminal& terminal) {
  std::ostream& out = terminal.out;
  switch (report.result) {
    case mta::Result::attached_already:
      out << report.file << ": attached already, nothing to do\n";
      return;
    case mta::Result::not_proved:
      out << report.file
          << ": attached, but no probe has shown that connectord is asked; to make it: " << attach_again(report, common)
          << '\n';
      return;
    case mta::Result::would_attach:
      out << "Nothing is changed yet. To do it: " << attach_again(report, common) << '\n';
      return;
    case mta::Result::refused:
      terminal.error << report.file << ": nothing is changed\n";
      return;
    default:
      break;
  }
  if (report.changed) {
    out << report.file << ": attached" << (report.backup.empty() ? "" : "; as it was before: " + report.backup) << '\n';
  }
  if (!report.services.empty()) {
    out << report.master_file << ": " << report.services.size()
        << (report.services.size() == 1 ? " service" : " services") << " changed\n";
  }
  out << (report.proof.empty() ? "not proved: no probe was made" : report.proof) << '\n';
}

void print_detached_json(const PostfixReport& report, std::ostream& out) {
  Json object = described(report);
  object["diff"] = report.error.empty() ? diff_of_files(report) : "";
  object["restored_to_the_byte"] = report.restored_whole;
  object["left"] = report.left;
  print_json(object, out);
}

void print_detached(const PostfixReport& report, std::ostream& out) {
  const std::string diff = diff_of_files(report);
  if (!diff.empty()) out << diff << '\n';
  for (const std::string& line : report.left) out << "left: " << line << '\n';
  if (report.result == mta::Result::not_attached) {
    out << report.file << ": not attached, nothing to do\n";
  } else if (report.result == mta::Result::would_detach) {
    out << "Nothing is changed yet. To do it: " << again("detach postfix --yes", report) << '\n';
  } else {
    out << report.file << ": detached"
        << (report.restored_whole ? "; it is what it was before attach, to the byte" : "") << '\n';
  }
}

}  // namespace

Status attach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const PostfixReport report =
      mta::attach_postfix(arguments.folder, order_of(arguments, common), policy->configuration());
  if (common.json) {
    print_attached_json(report, terminal.out);
  } else if (!report.error.empty()) {
    terminal.error << "connectorctl: " << report.error << '\n';
  } else {
    print_plan(report, terminal);
    print_attached(report, common, terminal);
  }
  return status_of(report);
}

Status detach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  const PostfixReport report = mta::detach_postfix(arguments.folder, order_of(arguments, common));
  print_problems(report.problems, terminal);
  if (common.json) {
    print_detached_json(report, terminal.out);
  } else if (!report.error.empty()) {
    terminal.error << "connectorctl: " << report.error << '\n';
  } else {
    print_detached(report, terminal.out);
  }
  return status_of(report);
}

}  // namespace connectord::ctl
