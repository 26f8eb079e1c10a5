// The commands that look into the message trace: trace, trace show, trace report.
#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands.h"
#include "connectord/engine/candidates.h"
#include "connectord/simulate/backtest.h"
#include "connectord/trace/gateway_advice.h"
#include "connectord/trace/named_row.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_json.h"
#include "json_output.h"
#include "moment_argument.h"
#include "running_policy.h"
#include "table.h"
#include "trace_arguments.h"
#include "trace_output.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

using SharedArguments = std::shared_ptr<TraceArguments>;

constexpr std::array<std::pair<std::string_view, trace::Interval>, 2> intervals = {
    {{"hour", trace::Interval::hour}, {"day", trace::Interval::day}}};

// The value of a word; CLI11 has let through no other.
template <class Value, std::size_t Size>
Value chosen(const std::array<std::pair<std::string_view, Value>, Size>& choices, const std::string& word,
             Value otherwise) {
  const auto found = std::find_if(choices.begin(), choices.end(), [&](const auto& one) { return one.first == word; });
  return found == choices.end() ? otherwise : found->second;
}

template <class Value, std::size_t Size>
std::vector<std::string> words(const std::array<std::pair<std::string_view, Value>, Size>& choices) {
  std::vector<std::string> list;
  list.reserve(Size);
  for (const auto& choice : choices) list.emplace_back(choice.first);
  return list;
}

template <class Enumeration>
std::vector<std::string> words_of_all() {
  std::vector<std::string> list;
  for (const auto& [value, word] : model::words<Enumeration>) list.emplace_back(word);
  return list;
}

// Why the message is not of another connector, by what runs now.
struct Losers {
  std::vector<engine::Candidate> inbound;
  std::vector<std::pair<std::string, engine::Candidate>> outbound;  // by recipient
};

Losers losers_of(const Common& common, const trace::MessageTraceDetail& story) {
  constexpr std::size_t max_candidates = 10;
  constexpr std::size_t max_recipients = 5;
  Losers losers;
  const auto policy = running_if_known(common);
  if (!policy || story.rows.empty()) return losers;
  const trace::Message& message = *story.rows.front().message;
  losers.inbound = engine::losing_inbound(*policy, simulate::facts_of(message, ""), max_candidates);
  const bool was_taken = message.action == model::Action::accept || message.action == model::Action::quarantine;
  for (std::size_t i = 0; was_taken && i < std::min(story.rows.size(), max_recipients); ++i) {
    const std::string& whom = story.rows[i].rcpt_to;
    for (auto& one : engine::losing_outbound(*policy, {message.tag, message.mail_from}, {whom}, max_candidates)) {
      losers.outbound.emplace_back(whom, std::move(one));
    }
  }
  return losers;
}

void print(const Losers& losers, std::ostream& out) {
  if (losers.inbound.empty() && losers.outbound.empty()) return;
  out << "\nother connectors, by what runs now\n";
  for (const auto& one : losers.inbound) out << "  " << harmless("not of " + one.connector + ": " + one.why) << '\n';
  for (const auto& [whom, one] : losers.outbound) {
    out << "  " << harmless("<" + whom + "> not by " + one.connector + ": " + one.why) << '\n';
  }
}

// With the keys of `explain --json`.
void add_to(Json& object, const Losers& losers) {
  object["not_of"] = Json::array();
  for (const auto& one : losers.inbound)
    object["not_of"].push_back({{"connector", one.connector}, {"why_not", one.why}});
  object["not_by"] = Json::array();
  for (const auto& [whom, one] : losers.outbound) {
    object["not_by"].push_back({{"recipient", whom}, {"connector", one.connector}, {"why_not", one.why}});
  }
}

Expected<void> show(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  const auto archive = open_trace(common, arguments, terminal);
  if (!archive) return tl::unexpected(archive.error());
  const auto named = trace::find_named_row(**archive, arguments.message);
  if (!named) return tl::unexpected(named.error());
  if (!*named) {
    return tl::unexpected("there is no message \"" + arguments.message +
                          "\" in the trace; write the ID of a row, a queue ID or a Message-ID, or look for it: "
                          "connectorctl trace WORD");
  }
  const auto detail = (*archive)->detail((*named)->row);
  if (!detail) return tl::unexpected(detail.error());
  if (!*detail) return tl::unexpected(std::string("the message has just been removed from the trace"));
  tell_scope(**archive, terminal);
  for (const std::int64_t other : (*named)->others) {
    terminal.error << "connectorctl: another message has that name too: connectorctl trace show " << other << '\n';
  }
  const std::string advice = trace::gateway_advice(**archive, **detail);
  if (common.json) {
    Json object = to_json(**detail);
    object["advice"] = advice.empty() ? Json() : Json(advice);
    add_to(object, losers_of(common, **detail));
    print_json(object, terminal.out);
  } else {
    print_story(terminal.out, **detail, clock_of(arguments), terminal.colour);
    print(losers_of(common, **detail), terminal.out);
    if (!advice.empty()) terminal.out << '\n' << harmless(advice) << '\n';
  }
  return {};
}

Expected<void> report(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  constexpr std::int64_t day = 86'400'000;
  const auto times = read_times(arguments.since, arguments.until, clock_of(arguments).zone());
  if (!times) return tl::unexpected(times.error());
  const auto archive = open_trace(common, arguments, terminal);
  if (!archive) return tl::unexpected(archive.error());
  trace::ReportQuery query;
  query.by = chosen(trace::groupings, arguments.by, trace::Grouping::connector);
  query.interval = chosen(intervals, arguments.per, trace::Interval::whole);
  query.until = times->until.value_or(now_in_milliseconds());
  query.since = times->since.value_or(query.until - day);
  const auto made = (*archive)->report(query);
  if (!made) return tl::unexpected(made.error());
  tell_scope(**archive, terminal);
  if (common.json) {
    print_json(to_json(*made), terminal.out);
  } else if (arguments.csv) {
    print_csv(terminal.out, *made);
  } else {
    print_report(terminal, *made, query.interval, clock_of(arguments));
  }
  return {};
}

// An empty variable of a script's is no filter that somebody wants.
std::string must_not_be_empty(const std::string& text) {
  return text.empty() ? "is empty; leave the option out to have all" : "";
}

using Perform = Expected<void> (*)(const Common&, const TraceArguments&, const Terminal&);

void perform(const CommandLine& line, const TraceArguments& arguments, Perform what) {
  if (line.common.json && arguments.csv) {
    line.terminal.error << "connectorctl: --json and --csv exclude each other\n";
    line.status = Status::wrong_usage;
    return;
  }
  const auto done = what(line.common, arguments, line.terminal);
  if (!done) line.terminal.error << "connectorctl: " << done.error() << '\n';
  line.status = done ? Status::answered : Status::wrong_input;
}

void add_times(const Subcommand& command, const SharedArguments& arguments) {
  command
      .add_option("--since", arguments->since,
                  "From this time on: 23:40, \"yesterday 23:40\", 2h (two hours ago), monday, \"last month\", "
                  "2026-11-21, 2026-11-21T12:00:00Z")
      .check(must_not_be_empty);
  command.add_option("--until", arguments->until, "Before this time").check(must_not_be_empty);
  command.add_option("--file", arguments->file, "Another trace than the configuration's, such as one set aside")
      .check(must_not_be_empty);
  command.add_flag("--local", arguments->local, "What this host has kept itself, where it is a member of a fleet");
  command.add_flag("--csv", arguments->csv, "Print CSV, with all rows and times in UTC");
  command.add_flag("--utc", arguments->utc, "Read and show times in UTC, not in the zone of this machine");
}

void add_filters(const Subcommand& command, const SharedArguments& arguments) {
  command
      .add_option("word", arguments->word,
                  "What is known: a queue ID, a Message-ID, an address, a domain, an IP address, a connector, a rule")
      .check(must_not_be_empty);
  command.add_option("--sender", arguments->sender, "The address in MAIL FROM, or its domain; <> for none")
      .check(must_not_be_empty);
  command.add_option("--recipient", arguments->recipient, "An address in RCPT TO, or its domain")
      .check(must_not_be_empty);
  command.add_option("--from", arguments->author, "The author: an address in From, or its domain")
      .check(must_not_be_empty);
  command.add_option("--message-id", arguments->message_id, "The Message-ID").check(must_not_be_empty);
  command.add_option("--queue-id", arguments->queue_id, "A queue ID of the mail server").check(must_not_be_empty);
  command.add_option("--client", arguments->client, "The client's address, or a network as 203.0.113.0/24")
      .check(must_not_be_empty);
  command.add_option("--connector", arguments->connector, "An inbound or outbound connector; none for mail of none")
      .check(must_not_be_empty);
  command.add_option("--rule", arguments->rule, "A transport rule that it matched, in audit mode too")
      .check(must_not_be_empty);
  command.add_option("--host", arguments->host, "The host of a fleet that had it").check(must_not_be_empty);
  command.add_option("--status", arguments->status, "What became of it").one_of(trace::spoken_statuses());
  command.add_option("--action", arguments->action, "What was decided").one_of(words_of_all<model::Action>());
  command.add_option("--direction", arguments->direction, "Which way it went").one_of(words_of_all<trace::Direction>());
}

}  // namespace

void add_trace_commands(const CommandLine& line) {
  const auto arguments = std::make_shared<TraceArguments>();
  const Subcommand trace = line.command("trace", "Search the message trace, newest first");
  add_filters(trace, arguments);
  add_times(trace, arguments);
  trace.add_option("--limit", arguments->limit, "How many rows at most; default: 100, and all with --csv")
      .between(1, std::numeric_limits<std::int64_t>::max());
  trace.add_flag("--follow", arguments->follow, "Print new rows as they come, until interrupted");
  trace.require_subcommand(0, 1);
  trace.callback([line, arguments, trace] {
    if (!trace.has_subcommand()) perform(line, *arguments, search_trace);
  });

  const CommandLine below = line.below(trace);
  const Subcommand show_command = below.command("show", "Tell the whole way of one message");
  show_command.add_option("message", arguments->message, "The ID of one of its rows, its queue ID or its Message-ID")
      .required();
  show_command.add_flag("--utc", arguments->utc, "Show times in UTC, not in the zone of this machine");
  show_command.add_option("--file", arguments->file, "Another trace than the configuration's");
  show_command.add_flag("--local", arguments->local, "What this host has kept itself, where it is a member of a fleet");
  show_command.callback([line, arguments] { perform(line, *arguments, show); });

  const Subcommand report_command =
      below.command("report", "Tell how much mail there was, of the last day without --since");
  report_command.add_option("--by", arguments->by, "What is counted by")
      .one_of(words(trace::groupings))
      .capture_default_str();
  report_command.add_option("--per", arguments->per, "A line for each hour, or for each day of UTC")
      .one_of(words(intervals));
  add_times(report_command, arguments);
  report_command.callback([line, arguments] { perform(line, *arguments, report); });
}

}  // namespace connectord::ctl
