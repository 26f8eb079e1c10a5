// trace without show or report: searches the message trace, and follows it.
#include <algorithm>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>
#include <utility>

#include "connectord/config/load.h"
#include "connectord/fleet/archive.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/runtime/unknown_name.h"
#include "connectord/trace/trace_json.h"
#include "json_output.h"
#include "moment_argument.h"
#include "table.h"
#include "trace_arguments.h"
#include "trace_output.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_size = 1000;
constexpr std::size_t usual_limit = 100;  // of what a person reads

Expected<trace::Query> trace_query_of(const TraceArguments& arguments) {
  trace::Query query;
  query.word = arguments.word;
  query.sender = arguments.sender;
  query.author = arguments.author;
  query.recipient = arguments.recipient;
  query.message_id = arguments.message_id;
  query.queue_id = arguments.queue_id;
  query.connector = arguments.connector;
  query.rule = arguments.rule;
  query.host = arguments.host;
  if (const auto status = trace::parse_spoken_status(arguments.status)) {
    query.status = status->status;
    query.was_taken = status->was_taken;
  }
  query.action = trace::parse_action(arguments.action);
  query.direction = trace::parse_direction(arguments.direction);
  if (!arguments.client.empty()) {
    auto range = net::AddressRange::parse(arguments.client);
    if (!range) return tl::unexpected("--client: " + range.error());
    query.client = std::move(*range);
  }
  const auto times = read_times(arguments.since, arguments.until, clock_of(arguments).zone());
  if (!times) return tl::unexpected(times.error());
  query.since = times->since;
  query.until = times->until;
  return query;
}

void print_as_asked(const std::vector<trace::Row>& rows, const Common& common, const TraceArguments& arguments,
                    const Terminal& terminal) {
  std::ostream& out = terminal.out;
  for (const trace::Row& row : rows) {
    if (common.json) {
      print_json_line(to_json(row), out);
    } else if (arguments.csv) {
      print_csv(out, row);
    } else {
      print_line(terminal, row, clock_of(arguments));
    }
  }
  out.flush();
}

// Why nothing was found, where that is known.
Expected<void> nothing_found(trace::Archive& archive, const trace::Query& query, const Common& common,
                             const Terminal& terminal) {
  const auto loaded = config::load(common.configuration, runtime::environment_of_host());
  auto problem = runtime::problem_with_connector(archive, query.connector, loaded.configuration);
  if (!problem.empty()) return tl::unexpected("--connector: " + std::move(problem));
  problem = runtime::problem_with_rule(archive, query.rule, loaded.configuration);
  if (!problem.empty()) return tl::unexpected("--rule: " + std::move(problem));
  terminal.error << "connectorctl: no message in the trace is so\n";
  return {};
}

// What a program reads in a spreadsheet is never cut.
std::size_t row_limit_of(const TraceArguments& arguments) {
  if (arguments.limit > 0) return arguments.limit;
  return arguments.csv ? std::numeric_limits<std::size_t>::max() : usual_limit;
}

// Page by page, so that any number can be asked for.
Expected<void> list_rows(trace::Archive& archive, trace::Query query, const Common& common,
                         const TraceArguments& arguments, const Terminal& terminal) {
  std::size_t left = row_limit_of(arguments);
  bool is_empty = true;
  std::vector<trace::Row> table;
  if (arguments.csv) print_csv_heading(terminal.out);
  while (left > 0) {
    query.limit = std::min(left, page_size);
    auto page = archive.search(query);
    if (!page) return tl::unexpected(page.error());
    left -= page->rows.size();
    is_empty = is_empty && page->rows.empty();
    if (common.json || arguments.csv) {
      print_as_asked(page->rows, common, arguments, terminal);
    } else {
      table.insert(table.end(), page->rows.begin(), page->rows.end());
    }
    query.cursor = page->next;
    if (query.cursor.empty()) break;
  }
  if (is_empty) return nothing_found(archive, query, common, terminal);
  if (!common.json && !arguments.csv) print_rows(terminal, table, clock_of(arguments));
  if (!query.cursor.empty()) terminal.error << "connectorctl: there are more; see --limit\n";
  return {};
}

// When that begins.
void tell_away(const trace::Archive& archive, const std::string& mark, bool was_away, const Terminal& terminal) {
  const std::string why = archive.why_this_host_alone();
  if (why.empty() || was_away) return;
  if (!fleet::is_joint_mark(mark)) return tell_scope(archive, terminal);
  terminal.error << "connectorctl: nothing new is seen until the fleet's database is back: " << harmless(why) << '\n';
}

// What is new, until nobody reads it any more. The trace is opened anew each time, since its file may have been set
// aside.
Expected<void> follow_rows(const OpenTrace& open, trace::Query query, const Common& common,
                           const TraceArguments& arguments, const Terminal& terminal) {
  constexpr std::chrono::milliseconds pause{500};
  if (arguments.csv) print_csv_heading(terminal.out);
  query.limit = page_size;
  std::string mark;
  bool is_away = false;
  while (terminal.out.good()) {
    const auto archive = open();
    if (!archive) return tl::unexpected(archive.error());
    const auto news = (*archive)->news(query, mark);
    if (!news) return tl::unexpected(news.error());
    mark = news->mark;
    tell_away(**archive, mark, is_away, terminal);
    is_away = !(*archive)->why_this_host_alone().empty();
    print_as_asked(news->rows, common, arguments, terminal);
    if (!news->has_more) std::this_thread::sleep_for(pause);
  }
  return {};
}

}  // namespace

Expected<void> search_trace(const Common& common, const TraceArguments& arguments, const Terminal& terminal) {
  const auto query = trace_query_of(arguments);
  if (!query) return tl::unexpected(query.error());
  if (arguments.follow) {
    return find_trace(common, arguments, terminal).and_then([&](const OpenTrace& open) {
      return follow_rows(open, *query, common, arguments, terminal);
    });
  }
  const auto archive = open_trace(common, arguments, terminal);
  if (!archive) return tl::unexpected(archive.error());
  auto listed = list_rows(**archive, *query, common, arguments, terminal);
  tell_scope(**archive, terminal);
  return listed;
}

}  // namespace connectord::ctl
