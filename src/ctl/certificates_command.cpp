// Every certificate that mail depends on.
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "connectord/base/time.h"
#include "connectord/doctor/certificate_list.h"
#include "connectord/doctor/report_json.h"
#include "connectord/tls/certificate.h"
#include "finding_text.h"
#include "json_output.h"
#include "mail_server_options.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using doctor::ListedCertificate;

struct End {
  std::string text;
  const char* colour = nullptr;
};

End end_of(const ListedCertificate& one, std::int64_t now) {
  constexpr std::int64_t soon = 30;
  if (!one.problem.empty()) return {"cannot be read", red};
  if (one.not_after == 0) return {"end not told", faint};
  const std::string time = tls::time_text(one.not_after);
  const std::int64_t days = (one.not_after - now) / base::day_seconds;
  if (one.not_after < now) return {time + ", has ended", red};
  return {time + ", in " + std::to_string(days) + (days == 1 ? " day" : " days"), days < soon ? yellow : nullptr};
}

// A block for each, since fingerprints are to be copied whole, at terminals of 80 columns too.
void print(const ListedCertificate& one, std::int64_t now, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  const End end = end_of(one, now);
  terminal.out << (end.colour == nullptr ? end.text : paint(end.text, end.colour)) << '\n';
  const auto more = [&terminal](const char* label, const std::string& value) {
    if (!value.empty()) terminal.out << "  " << label << harmless(value) << '\n';
  };
  more("", one.whose + ": " + one.where);
  more("", one.problem);
  more("name    ", one.subject);
  more("issuer  ", one.issuer);
  more("sha256:", one.sha256);
  more("spki-sha256:", one.public_key_sha256);
  if (one.last_seen != 0) more("seen    ", tls::time_text(one.last_seen));
}

Status certificates(const Common& common, const mta::MailServerPlaces& places, const Terminal& terminal) {
  const auto list = doctor::list_certificates(common.configuration, places);
  if (!list) {
    terminal.error << "connectorctl: " << list.error() << '\n';
    return Status::wrong_input;
  }
  if (common.json) {
    print_json(to_json(*list), terminal.out);
    return Status::answered;
  }
  const auto now = base::unix_time();
  for (const ListedCertificate& one : *list) print(one, now, terminal);
  if (list->empty()) terminal.out << "there is none: no mail server's, no validation's, and none in the trace\n";
  return Status::answered;
}

}  // namespace

void add_certificates_command(const CommandLine& line) {
  const Subcommand command =
      line.command("certificates", "List our certificates, smart hosts' and partners', by their ends");
  const auto places = std::make_shared<mta::MailServerPlaces>();
  const MailServerOptions options(command, *places);
  command.callback([line, places, options] {
    options.note_named(*places);
    line.status = certificates(line.common, *places, line.terminal);
  });
}

}  // namespace connectord::ctl
