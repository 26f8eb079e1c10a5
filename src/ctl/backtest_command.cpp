// What a draft of a connector would have done with the mail of the past.
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>
#include <utility>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/base/display_control.h"
#include "connectord/simulate/backtest.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_json.h"
#include "moment_argument.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using simulate::Backtest;
using simulate::Change;

struct BacktestArguments {
  std::string draft;
  std::string since = "7d";
  std::string until;
  std::string file;
  std::size_t limit = 20;
};

using Policy = std::shared_ptr<const engine::Policy>;

struct Policies {
  Policy running;
  Policy draft;
};

constexpr std::array<std::pair<Change, std::string_view>, simulate::kinds_of_change> headings = {{
    {Change::refused, "would be refused, and are let in now"},
    {Change::let_in, "would be let in, and are refused now"},
    {Change::quarantined, "would be quarantined, and are delivered now"},
    {Change::released, "would be delivered, and are quarantined now"},
    {Change::other_connector, "would belong to another connector"},
    {Change::not_known, "cannot be told: the trace lacks what the draft asks for"},
}};

// The problems of a draft that is not sound are printed.
tl::expected<Policies, std::string> read_policies(const Common& common, const BacktestArguments& arguments,
                                                  const Terminal& terminal) {
  Policies policies{load_or_complain(common, terminal), nullptr};
  if (!policies.running) return tl::unexpected(std::string("the configuration does not load"));
  config::Loaded draft = config::load(arguments.draft, runtime::environment_of_host());
  if (!draft.ok()) {
    print_problems(draft.problems, terminal);
    return tl::unexpected(std::string("the draft does not load"));
  }
  if (draft.configuration.inbound.empty() && draft.configuration.outbound.empty()) {
    return tl::unexpected("there is no connector in " + arguments.draft + "; write one that begins with [[inbound]]");
  }
  auto compiled = engine::Policy::compile(simulate::with_draft(policies.running->configuration(), draft.configuration));
  if (!compiled.policy) {
    print_problems(compiled.problems, terminal);
    return tl::unexpected(std::string("the configuration would not load with the draft"));
  }
  policies.draft = std::move(compiled.policy);
  return policies;
}

tl::expected<trace::Query, std::string> query_of(const BacktestArguments& arguments) {
  trace::Query query;
  const auto times = read_times(arguments.since, arguments.until);
  if (!times) return tl::unexpected(times.error());
  query.since = times->since;
  query.until = times->until;
  return query;
}

tl::expected<std::string, std::string> trace_file(const Common& common, const BacktestArguments& arguments,
                                                  const engine::Policy& policy) {
  if (!arguments.file.empty()) return arguments.file;
  if (const auto& settings = policy.configuration().trace) return settings->file();
  return tl::unexpected(common.configuration + " has no [trace], so no mail of the past is known");
}

void print_group(std::ostream& out, const simulate::ChangedGroup& group) {
  out << "  " << group.messages << " from "
      << (group.sender_domain.empty() ? "no domain" : harmless(group.sender_domain)) << " at "
      << (group.client_address.empty() ? "no known address" : group.client_address) << '\n';
  for (const simulate::Example& example : group.examples) {
    out << "    " << trace::iso_time(example.time) << "  <" << harmless(example.mail_from) << "> to <"
        << harmless(example.rcpt_to) << ">";
    if (group.change == Change::other_connector) {
      out << ": " << (example.connector_then.empty() ? "none" : example.connector_then) << " instead of "
          << (example.connector_now.empty() ? "none" : example.connector_now);
    } else if (!example.why.empty()) {
      out << ": " << harmless(example.why);
    }
    out << "  (connectorctl trace show " << example.row << ")\n";
  }
}

void print_change(std::ostream& out, const Backtest& result, Change change, std::string_view heading,
                  std::size_t limit) {
  const std::size_t messages = result.changes[static_cast<std::size_t>(change)];
  if (messages == 0) return;
  out << '\n' << messages << ' ' << heading << '\n';
  std::size_t printed = 0;
  std::size_t left_out = 0;
  for (const simulate::ChangedGroup& group : result.groups) {
    if (group.change != change) continue;
    if (printed == limit) {
      ++left_out;
      continue;
    }
    print_group(out, group);
    ++printed;
  }
  if (left_out > 0) out << "  and " << left_out << " more senders; see --limit\n";
}

void print(std::ostream& out, const Backtest& result, std::size_t limit) {
  std::size_t changed = 0;
  for (const std::size_t messages : result.changes) changed += messages;
  out << result.messages << " messages: " << result.messages - changed << " as now, " << changed << " otherwise\n";
  if (result.unlike_then > 0) {
    out << result.unlike_then << " of all are decided otherwise now than at the time: the configuration has changed\n";
  }
  for (const auto& [change, heading] : headings) print_change(out, result, change, heading, limit);
}

tl::expected<void, std::string> run(const Common& common, const BacktestArguments& arguments,
                                    const Terminal& terminal) {
  const auto query = query_of(arguments);
  if (!query) return tl::unexpected(query.error());
  const auto policies = read_policies(common, arguments, terminal);
  if (!policies) return tl::unexpected(policies.error());
  const auto file = trace_file(common, arguments, *policies->running);
  if (!file) return tl::unexpected(file.error());
  const auto archive = trace::open_sqlite_archive(*file);
  if (!archive) return tl::unexpected(archive.error());
  const auto result = simulate::backtest(**archive, *query, *policies->running, *policies->draft);
  if (!result) return tl::unexpected(result.error());
  if (common.json) {
    terminal.out << base::escape_display_controls(
                        simulate::to_json(*result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace))
                 << '\n';
  } else {
    print(terminal.out, *result, arguments.limit);
  }
  return {};
}

}  // namespace

void add_backtest_command(const CommandLine& line) {
  const auto arguments = std::make_shared<BacktestArguments>();
  const Subcommand command =
      line.command("backtest", "Tell what a draft of a connector would have done with past mail");
  command.add_option("--connector", arguments->draft, "A file with the draft, as connectors.d/ would have it")
      .required();
  command.add_option("--since", arguments->since, "Mail from this time on: 7d, yesterday, 2026-11-21T12:00:00Z")
      .capture_default_str();
  command.add_option("--until", arguments->until, "Mail before this time");
  command.add_option("--file", arguments->file, "Another trace than the configuration's, such as one set aside");
  command.add_option("--limit", arguments->limit, "How many senders at most of each kind of change")
      .capture_default_str();
  command.callback([line, arguments] {
    const auto done = run(line.common, *arguments, line.terminal);
    if (!done) line.terminal.error << "connectorctl: " << done.error() << '\n';
    line.status = done ? Status::answered : Status::wrong_input;
  });
}

}  // namespace connectord::ctl
