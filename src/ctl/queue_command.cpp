// queue: what waits for which next hop.
#include <memory>
#include <ostream>

#include "commands.h"
#include "connectord/base/time.h"
#include "connectord/mta/queue_report.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/trace/sqlite_store.h"
#include "json_output.h"
#include "mail_server_options.h"
#include "running_policy.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string time_or(std::optional<std::int64_t> time, const char* otherwise) {
  return time && *time != 0 ? base::utc_text(*time) : otherwise;
}

std::string span(std::int64_t seconds) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 3600;
  const auto with = [](std::int64_t number, const char* unit) { return std::to_string(number) + unit; };
  if (seconds >= 2 * base::day_seconds) return with(seconds / base::day_seconds, "d");
  if (seconds >= 2 * hour) return with(seconds / hour, "h");
  return seconds >= 2 * minute ? with(seconds / minute, "min") : with(seconds, "s");
}

void print_line(const mta::QueueLine& line, std::ostream& out) {
  const std::string indent(4, ' ');
  if (!line.last_error.empty()) out << indent << "last error: " << harmless(line.last_error) << '\n';
}

void print_lines(const mta::QueueReport& report, const Terminal& terminal) {
  std::ostream& out = terminal.out;
  const std::int64_t now = base::unix_time();
  Table table({{"CONNECTOR"}, {"NEXT HOP"}, {"MESSAGES"}, {"SINCE"}, {"NEXT TRY"}, {"FIRST BOUNCE"}});
  for (const mta::QueueLine& line : report.lines) {
    const std::string held = line.held > 0 ? " (" + std::to_string(line.held) + " held)" : "";
    table.add({line.connector.empty() ? "-" : line.connector, harmless(line.next_hop),
               std::to_string(line.messages) + held,
               time_or(line.oldest, "?") + " (" + span(std::max<std::int64_t>(now - line.oldest, 0)) + ")",
               line.next_try && *line.next_try <= now ? "now" : time_or(line.next_try, "-"),
               time_or(line.first_bounce, "-")});
  }
  table.print(terminal);
  for (const mta::QueueLine& line : report.lines) {
    if (line.last_error.empty()) continue;
    out << (line.connector.empty() ? "" : line.connector + ", ") << harmless(line.next_hop) << ":\n";
    print_line(line, out);
  }
}

void print_times(const mta::QueueTimes& times, std::ostream& out) {
  if (times.minimal_backoff && times.maximal_backoff) {
    out << "a message is tried again after " << span(*times.minimal_backoff) << " to " << span(*times.maximal_backoff)
        << " (minimal_backoff_time, maximal_backoff_time)";
  }
  if (times.lifetime) {
    out << (times.maximal_backoff ? ", and " : "a message ") << "goes back to its sender after "
        << span(*times.lifetime) << (times.maximal_backoff ? " (maximal_queue_lifetime)" : " (Timeout.queuereturn)");
  }
  if (times.lifetime || times.maximal_backoff) out << '\n';
}

void print(const mta::QueueReport& report, const Terminal& terminal) {
  std::ostream& out = terminal.out;
  if (report.lines.empty()) {
    out << "nothing waits\n";
    return;
  }
  print_lines(report, terminal);
  print_times(report.times, out);
  if (report.left_out > 0) out << report.left_out << " more messages were not looked at\n";
}

Status run_queue(const Common& common, const mta::MailServerPlaces& places, bool file_only, const Terminal& terminal) {
  const auto policy = running_or_complain(common, file_only, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  const auto health = mta::ask_running_daemon(common.configuration, configuration.server.user);
  const auto archive =
      configuration.trace ? trace::open_sqlite_archive(configuration.trace->file()) : tl::unexpected(std::string());
  const auto report =
      mta::look_at_queue(places, health ? *health : Json(nullptr), *policy, archive ? archive->get() : nullptr);
  if (!report) {
    terminal.error << "connectorctl: " << report.error() << '\n';
    return Status::wrong_input;
  }
  if (common.json) {
    print_json(to_json(*report), terminal.out);
  } else {
    print(*report, terminal);
  }
  return Status::answered;
}

}  // namespace

void add_queue_command(const CommandLine& line) {
  const Subcommand command =
      line.command("queue", "Tell what waits in the mail server's queue, by outbound connector and next hop");
  const auto places = std::make_shared<mta::MailServerPlaces>();
  const MailServerOptions options(command, *places);
  const auto file_only = std::make_shared<bool>(false);
  add_file_only_option(command, *file_only);
  command.callback([line, places, options, file_only] {
    options.note_named(*places);
    line.status = run_queue(line.common, *places, *file_only, line.terminal);
  });
}

}  // namespace connectord::ctl
