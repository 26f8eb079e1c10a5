// What a draft of a connector or a rule would have done with the mail of the past.
#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string_view>
#include <utility>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/model/entry_named.h"
#include "connectord/simulate/backtest.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_json.h"
#include "json_output.h"
#include "moment_argument.h"
#include "running_policy.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using simulate::Backtest;
using simulate::Change;

struct BacktestArguments {
  std::string connector;  // files with drafts
  std::string rule;
  std::string since = "7d";
  std::string until;
  std::string file;
  std::size_t limit = 20;
  bool file_only = false;
};

using PolicyPointer = std::shared_ptr<const engine::Policy>;

struct Policies {
  PolicyPointer running;
  PolicyPointer draft;
  std::vector<std::string> rules;  // of the draft, by name
};

constexpr std::array<std::pair<Change, std::string_view>, simulate::kinds_of_change> headings = {{
    {Change::refused, "would be refused, and are let in now"},
    {Change::let_in, "would be let in, and are refused now"},
    {Change::quarantined, "would be quarantined, and are delivered now"},
    {Change::released, "would be delivered, and are quarantined now"},
    {Change::other_connector, "would belong to another connector"},
    {Change::not_known, "cannot be told: the trace lacks what the draft asks for"},
    {Change::matched, "match the rule"},
}};

tl::expected<PolicyPointer, std::string> compiled(model::Configuration configuration, const Terminal& terminal) {
  auto made = simulate::policy_for_replay(std::move(configuration));
  if (made.policy) return made.policy;
  print_problems(made.problems, terminal);
  return tl::unexpected(std::string("the configuration would not load with the draft"));
}

// The problems of a draft that is not sound are printed. What a rule says by itself is looked at as part of a
// configuration that has our domains and connectors.
tl::expected<model::Configuration, std::string> read_draft(const std::string& path, const model::Configuration& running,
                                                           const Terminal& terminal) {
  config::Loaded draft = config::load(path, runtime::environment_of_host());
  const bool is_broken = std::any_of(draft.problems.begin(), draft.problems.end(), [&](const model::Problem& problem) {
    const bool is_error = problem.severity == model::Problem::Severity::error;
    return is_error && (draft.configuration.rules.empty() || problem.key.starts_with("rule.") || problem.key.empty());
  });
  if (is_broken) {
    print_problems(draft.problems, terminal);
    return tl::unexpected(std::string("the draft does not load"));
  }
  for (model::Rule& rule : draft.configuration.rules) {
    const std::string key = simulate::key_not_in_trace(rule);
    if (!key.empty()) {
      return tl::unexpected("rule \"" + rule.name + "\" asks for " + key +
                            ", which the trace does not have; try it with messages: connectorctl rule test --file " +
                            path + " --message FILE");
    }
    const model::Rule* same = model::entry_named(running.rules, rule.name);
    if (same != nullptr) rule.priority = same->priority;
  }
  return std::move(draft.configuration);
}

tl::expected<Policies, std::string> read_policies(const Common& common, const BacktestArguments& arguments,
                                                  const Terminal& terminal) {
  const bool is_rule = !arguments.rule.empty();
  const std::string& path = is_rule ? arguments.rule : arguments.connector;
  const auto running = running_or_complain(common, arguments.file_only, terminal);
  if (!running) return tl::unexpected(std::string("the configuration does not load"));
  const auto draft = read_draft(path, running->configuration(), terminal);
  if (!draft) return tl::unexpected(draft.error());
  if (is_rule && draft->rules.empty()) {
    return tl::unexpected("there is no rule in " + path + "; write one that begins with [[rule]]");
  }
  if (!is_rule && draft->inbound.empty() && draft->outbound.empty()) {
    return tl::unexpected("there is no connector in " + path + "; write one that begins with [[inbound]]");
  }
  Policies policies;
  for (const model::Rule& rule : draft->rules) policies.rules.push_back(rule.name);
  auto now = compiled(running->configuration(), terminal);
  if (!now) return tl::unexpected(now.error());
  auto then = compiled(simulate::with_draft(running->configuration(), *draft), terminal);
  if (!then) return tl::unexpected(then.error());
  policies.running = std::move(*now);
  policies.draft = std::move(*then);
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
  const auto result = simulate::backtest(**archive, *query, *policies->running, *policies->draft, policies->rules);
  if (!result) return tl::unexpected(result.error());
  if (common.json) {
    print_json(simulate::to_json(*result), terminal.out);
  } else {
    print(terminal.out, *result, arguments.limit);
  }
  return {};
}

}  // namespace

void add_backtest_command(const CommandLine& line) {
  const auto arguments = std::make_shared<BacktestArguments>();
  const Subcommand command =
      line.command("backtest", "Tell what a draft of a connector or a rule would have done with past mail");
  const Option connector = command.add_option("--connector", arguments->connector,
                                              "A file with a draft of a connector, as connectors.d/ would have it");
  command
      .add_option("--rule", arguments->rule,
                  "A file with a draft of a rule that asks for nothing but what the trace has")
      .excludes(connector);
  command.add_option("--since", arguments->since, "Mail from this time on: 7d, yesterday, 2026-11-21T12:00:00Z")
      .capture_default_str();
  command.add_option("--until", arguments->until, "Mail before this time");
  command.add_option("--file", arguments->file, "Another trace than the configuration's, such as one set aside");
  command.add_option("--limit", arguments->limit, "How many senders at most of each kind of change")
      .capture_default_str();
  add_file_only_option(command, arguments->file_only);
  command.callback([line, arguments] {
    if (arguments->connector.empty() && arguments->rule.empty()) {
      line.terminal.error << "connectorctl: --connector or --rule is required: a file with the draft\n";
      line.status = Status::wrong_usage;
      return;
    }
    const auto done = run(line.common, *arguments, line.terminal);
    if (!done) line.terminal.error << "connectorctl: " << done.error() << '\n';
    line.status = done ? Status::answered : Status::wrong_input;
  });
}

}  // namespace connectord::ctl
