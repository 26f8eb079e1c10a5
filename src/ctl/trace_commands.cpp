// The commands that look into the message trace: trace, trace show, trace report.
#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>
#include <utility>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/base/display_control.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_json.h"
#include "expected.h"
#include "moment_argument.h"
#include "trace_follower.h"
#include "trace_output.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct TraceArguments {
  std::string file;
  std::string sender;
  std::string recipient;
  std::string message_id;
  std::string queue_id;
  std::string client;
  std::string connector;
  std::string status;
  std::string action;
  std::string direction;
  std::string since;
  std::string until;
  std::size_t limit = 100;
  bool follow = false;
  bool csv = false;
  std::int64_t row = 0;
  std::string by = "connector";
  std::string per;
};

using Arguments = std::shared_ptr<TraceArguments>;

constexpr std::size_t page_size = 1000;

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

// The file that the options name, or the configuration.
Expected<std::string> trace_file(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  if (!arguments.file.empty()) return arguments.file;
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return tl::unexpected(std::string("the configuration does not load"));
  const auto& settings = policy->configuration().trace;
  if (settings) return settings->file();
  return tl::unexpected(common.configuration + " has no [trace], so none is kept");
}

Expected<trace::Query> query_of(const TraceArguments& arguments) {
  trace::Query query;
  query.sender = arguments.sender;
  query.recipient = arguments.recipient;
  query.message_id = arguments.message_id;
  query.queue_id = arguments.queue_id;
  query.connector = arguments.connector;
  query.status = trace::parse_status(arguments.status);
  query.action = trace::parse_action(arguments.action);
  query.direction = trace::parse_direction(arguments.direction);
  if (!arguments.client.empty()) {
    auto range = net::AddressRange::parse(arguments.client);
    if (!range) return tl::unexpected("--client: " + range.error());
    query.client = std::move(*range);
  }
  const auto times = read_times(arguments.since, arguments.until);
  if (!times) return tl::unexpected(times.error());
  query.since = times->since;
  query.until = times->until;
  return query;
}

void print_as_asked(const std::vector<trace::Row>& rows, const Common& common, const TraceArguments& arguments,
                    std::ostream& out) {
  for (const trace::Row& row : rows) {
    if (common.json) {
      out << base::escape_display_controls(to_json(row).dump(-1, ' ', false, Json::error_handler_t::replace)) << '\n';
    } else if (arguments.csv) {
      print_csv(out, row);
    } else {
      print_line(out, row);
    }
  }
  out.flush();
}

// Page by page, so that any number can be asked for.
Expected<void> list_rows(trace::Archive& archive, trace::Query query, const Common& common,
                         const TraceArguments& arguments, const Terminal& terminal) {
  std::size_t left = arguments.limit;
  std::vector<trace::Row> table;
  if (arguments.csv) print_csv_heading(terminal.out);
  while (left > 0) {
    query.limit = std::min(left, page_size);
    auto page = archive.search(query);
    if (!page) return tl::unexpected(page.error());
    left -= page->rows.size();
    if (common.json || arguments.csv) {
      print_as_asked(page->rows, common, arguments, terminal.out);
    } else {
      table.insert(table.end(), page->rows.begin(), page->rows.end());
    }
    query.cursor = page->next;
    if (query.cursor.empty()) break;
  }
  if (!common.json && !arguments.csv) print_rows(terminal.out, table);
  if (!query.cursor.empty()) terminal.error << "connectorctl: there are more; see --limit\n";
  return {};
}

// What is new, until nobody reads it any more. The file is opened anew each time, since it may have been set aside.
Expected<void> follow_rows(const std::string& file, trace::Query query, const Common& common,
                           const TraceArguments& arguments, const Terminal& terminal) {
  constexpr std::chrono::milliseconds pause{500};
  if (arguments.csv) print_csv_heading(terminal.out);
  query.limit = page_size;
  TraceFollower follower(std::move(query));
  while (terminal.out.good()) {
    const auto archive = trace::open_sqlite_archive(file);
    if (!archive) return tl::unexpected(archive.error());
    const auto page = follower.look(**archive);
    if (!page) return tl::unexpected(page.error());
    print_as_asked(page->rows, common, arguments, terminal.out);
    if (page->next.empty()) std::this_thread::sleep_for(pause);
  }
  return {};
}

Expected<void> search(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  const auto query = query_of(arguments);
  if (!query) return tl::unexpected(query.error());
  const auto file = trace_file(common, arguments, terminal);
  if (!file) return tl::unexpected(file.error());
  if (arguments.follow) return follow_rows(*file, *query, common, arguments, terminal);
  const auto archive = trace::open_sqlite_archive(*file);
  if (!archive) return tl::unexpected(archive.error());
  return list_rows(**archive, *query, common, arguments, terminal);
}

Expected<void> show(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  const auto file = trace_file(common, arguments, terminal);
  if (!file) return tl::unexpected(file.error());
  const auto archive = trace::open_sqlite_archive(*file);
  if (!archive) return tl::unexpected(archive.error());
  const auto detail = (*archive)->detail(arguments.row);
  if (!detail) return tl::unexpected(detail.error());
  if (!*detail) {
    return tl::unexpected("there is no row " + std::to_string(arguments.row) +
                          " in the trace; see: connectorctl trace");
  }
  if (common.json) {
    terminal.out << base::escape_display_controls(to_json(**detail).dump(2, ' ', false, Json::error_handler_t::replace))
                 << '\n';
  } else {
    print_story(terminal.out, **detail, terminal.colour);
  }
  return {};
}

Expected<void> report(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  constexpr std::int64_t day = 86'400'000;
  const auto times = read_times(arguments.since, arguments.until);
  if (!times) return tl::unexpected(times.error());
  const auto file = trace_file(common, arguments, terminal);
  if (!file) return tl::unexpected(file.error());
  const auto archive = trace::open_sqlite_archive(*file);
  if (!archive) return tl::unexpected(archive.error());
  trace::ReportQuery query;
  query.by = chosen(trace::groupings, arguments.by, trace::Grouping::connector);
  query.interval = chosen(intervals, arguments.per, trace::Interval::whole);
  query.until = times->until.value_or(now_in_milliseconds());
  query.since = times->since.value_or(query.until - day);
  const auto made = (*archive)->report(query);
  if (!made) return tl::unexpected(made.error());
  if (common.json) {
    terminal.out << base::escape_display_controls(to_json(*made).dump(2, ' ', false, Json::error_handler_t::replace))
                 << '\n';
  } else if (arguments.csv) {
    print_csv(terminal.out, *made);
  } else {
    print_report(terminal.out, *made, query.interval);
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

void add_times(const Subcommand& command, const Arguments& arguments) {
  command
      .add_option("--since", arguments->since,
                  "From this time on, in UTC: 2026-11-21T12:00:00Z, 2026-11-21, 2h (two hours ago), yesterday")
      .check(must_not_be_empty);
  command.add_option("--until", arguments->until, "Before this time").check(must_not_be_empty);
  command.add_option("--file", arguments->file, "Another trace than the configuration's, such as one set aside")
      .check(must_not_be_empty);
  command.add_flag("--csv", arguments->csv, "Print CSV");
}

void add_filters(const Subcommand& command, const Arguments& arguments) {
  command.add_option("--sender", arguments->sender, "The address in MAIL FROM, or its domain; <> for none")
      .check(must_not_be_empty);
  command.add_option("--recipient", arguments->recipient, "An address in RCPT TO, or its domain")
      .check(must_not_be_empty);
  command.add_option("--message-id", arguments->message_id, "The Message-ID").check(must_not_be_empty);
  command.add_option("--queue-id", arguments->queue_id, "A queue ID of the mail server").check(must_not_be_empty);
  command.add_option("--client", arguments->client, "The client's address, or a network as 203.0.113.0/24")
      .check(must_not_be_empty);
  command.add_option("--connector", arguments->connector, "An inbound or outbound connector; none for mail of none")
      .check(must_not_be_empty);
  command.add_option("--status", arguments->status, "What became of it").one_of(words_of_all<trace::Status>());
  command.add_option("--action", arguments->action, "What was decided").one_of(words_of_all<model::Action>());
  command.add_option("--direction", arguments->direction, "Which way it went").one_of(words_of_all<trace::Direction>());
}

}  // namespace

void add_trace_commands(const CommandLine& line) {
  const auto arguments = std::make_shared<TraceArguments>();
  const Subcommand trace = line.command("trace", "Search the message trace, newest first");
  add_filters(trace, arguments);
  add_times(trace, arguments);
  trace.add_option("--limit", arguments->limit, "How many rows at most")
      .between(1, std::numeric_limits<std::int64_t>::max())
      .capture_default_str();
  trace.add_flag("--follow", arguments->follow, "Print new rows as they come, until interrupted");
  trace.require_subcommand(0, 1);
  trace.callback([line, arguments, trace] {
    if (!trace.has_subcommand()) perform(line, *arguments, search);
  });

  const CommandLine below = line.below(trace);
  const Subcommand show_command = below.command("show", "Tell the whole way of one message");
  show_command.add_option("id", arguments->row, "The number of one of its rows").required();
  show_command.add_option("--file", arguments->file, "Another trace than the configuration's");
  show_command.callback([line, arguments] { perform(line, *arguments, show); });

  const Subcommand report_command =
      below.command("report", "Tell how much mail there was, of the last day without --since");
  report_command.add_option("--by", arguments->by, "What is counted by")
      .one_of(words(trace::groupings))
      .capture_default_str();
  report_command.add_option("--per", arguments->per, "A line for each hour, or day, of UTC").one_of(words(intervals));
  add_times(report_command, arguments);
  report_command.callback([line, arguments] { perform(line, *arguments, report); });
}

}  // namespace connectord::ctl
