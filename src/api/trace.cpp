// The record of messages: searches, one message whole, and reports.
#include <array>
#include <span>
#include <stdexcept>

#include "connectord/base/number.h"
#include "connectord/fleet/archive.h"
#include "connectord/runtime/unknown_name.h"
#include "connectord/trace/gateway_advice.h"
#include "connectord/trace/named_row.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_csv.h"
#include "connectord/trace/trace_json.h"
#include "lookup.h"
#include "parameters.h"
#include "trace_archive.h"

namespace connectord::api {
namespace {

template <class Value, std::size_t Size>
auto one_word_of(std::span<const std::pair<std::string_view, Value>, Size> words) {
  return [words](const std::string& text) -> std::optional<Value> {
    for (const auto& [word, value] : words) {
      if (word == text) return value;
    }
    return std::nullopt;
  };
}

bool is_place_to_go_on(const std::string& text) {
  return text.empty() || base::whole_number<std::int64_t>(text) || fleet::is_joint_mark(text);
}

struct Asked {
  trace::Query query;
  std::string after;  // what an answer gave as "follow", or the number of a row; empty: not only what is new
};

Answered<Asked> query_of(const Call& call, std::int64_t now) {
  Parameters parameters(call.target);
  Asked asked;
  trace::Query& query = asked.query;
  query.word = parameters.text("word");
  query.sender = parameters.text("sender");
  query.author = parameters.text("author");
  query.recipient = parameters.text("recipient");
  query.message_id = parameters.text("message_id");
  query.queue_id = parameters.text("queue_id");
  query.connector = parameters.text("connector");
  query.rule = parameters.text("rule");
  query.host = parameters.text("host");
  query.cursor = parameters.text("cursor");
  const auto status =
      parameters.parsed("status", trace::parse_spoken_status, "there is no such status; see the description");
  if (status) query.status = status->status;
  if (status) query.was_taken = status->was_taken;
  query.action = parameters.parsed("action", trace::parse_action, "write accept, quarantine, reject or defer");
  query.direction = parameters.parsed("direction", trace::parse_direction, "write inbound or outbound");
  query.since = parameters.time("since", now);
  query.until = parameters.time("until", now);
  parameters.check_range(query.since, query.until);
  query.limit = parameters.limit().value_or(query.limit);
  asked.after = parameters.text("after");
  if (!is_place_to_go_on(asked.after)) parameters.refuse("after", "write what an answer gave as follow");
  if (!asked.after.empty() && !query.cursor.empty()) parameters.refuse("after", "write it, or cursor, not both");
  constexpr std::string_view of_cursors = "0123456789.";
  if (query.cursor.find_first_not_of(of_cursors) != std::string::npos) {
    parameters.refuse("cursor", "write what the page before gave as next");
  }
  if (const std::string client = parameters.text("client"); !client.empty()) {
    auto range = net::AddressRange::parse(client);
    if (range) query.client = std::move(*range);
    if (!range) parameters.refuse("client", range.error());
  }
  if (auto refused = parameters.refusal()) return tl::unexpected(*refused);
  return asked;
}

// What a report of this kind may be made by, the usual one first.
using Groupings = std::span<const std::pair<std::string_view, trace::Grouping>>;
constexpr std::size_t rule_groupings = 2;
const Groupings by_connector = Groupings(trace::groupings).first(trace::groupings.size() - rule_groupings);
const Groupings by_rule = Groupings(trace::groupings).last(rule_groupings);

Answered<trace::ReportQuery> report_query_of(const Call& call, Groupings groupings, std::int64_t now) {
  using trace::Interval;
  static constexpr std::array<std::pair<std::string_view, Interval>, 3> intervals = {
      {{"whole", Interval::whole}, {"hour", Interval::hour}, {"day", Interval::day}}};
  constexpr std::int64_t week = std::int64_t{7} * 24 * 3600 * 1000;
  Parameters parameters(call.target);
  trace::ReportQuery query;
  query.by = parameters
                 .parsed("group", one_word_of(groupings),
                         groupings.data() == by_rule.data()
                             ? "write rule or rule_action"
                             : "write connector, outbound_connector, direction, tls, action or protection")
                 .value_or(groupings.front().second);
  query.interval = parameters.parsed("interval", one_word_of(std::span(intervals)), "write whole, hour or day")
                       .value_or(query.interval);
  query.until = parameters.time("until", now).value_or(now);
  query.since = parameters.time("since", now).value_or(query.until - week);
  parameters.check_range(query.since, query.until);
  if (auto refused = parameters.refusal()) return tl::unexpected(*refused);
  return query;
}

// What is wrong with a name that a search found nothing by.
std::vector<FieldError> unknown_names(trace::Archive& archive, const trace::Query& query,
                                      const model::Configuration& configuration) {
  std::vector<FieldError> errors;
  if (auto unknown = runtime::problem_with_connector(archive, query.connector, configuration); !unknown.empty()) {
    errors.push_back({"connector", std::move(unknown)});
  }
  if (auto unknown = runtime::problem_with_rule(archive, query.rule, configuration); !unknown.empty()) {
    errors.push_back({"rule", std::move(unknown)});
  }
  return errors;
}

Response unreadable(const std::string& why) {
  return problem(503, "the record of messages cannot be read: " + why);
}

// Of a fleet's member alone: whose mail it is.
void add_scope(const Context& context, const trace::Archive& archive, Json& object) {
  if (!context.setup.services.policies.current().policy->configuration().fleet) return;
  const std::string why = archive.why_this_host_alone();
  object["scope"] = why.empty() ? "fleet" : "this host";
  object["why_this_host"] = why.empty() ? Json() : Json(why);
}

}  // namespace

Answered<std::unique_ptr<trace::Archive>> open_archive(const Context& context, fleet::TraceScope scope) {
  const auto policy = context.setup.services.policies.current().policy;
  const auto& settings = policy->configuration().trace;
  if (!settings) {
    return tl::unexpected(problem(409, "no record of messages is kept; write [trace] in connectord's configuration"));
  }
  return fleet::open_trace(policy->configuration(), scope).map_error(unreadable);
}

namespace {

Json list_of(const std::vector<trace::Row>& rows) {
  Json list = Json::array();
  for (const trace::Row& row : rows) list.push_back(trace::to_json(row));
  return list;
}

Response newer_rows(const Context& context, trace::Archive& archive, const Asked& asked) {
  auto news = archive.news(asked.query, asked.after);
  if (!news) return unreadable(news.error());
  Json object = {
      {"messages", list_of(news->rows)}, {"next", news->has_more ? Json(news->mark) : Json()}, {"follow", news->mark}};
  add_scope(context, archive, object);
  return json_response(object);
}

}  // namespace

Response search_trace(Context& context, const Call& call) {
  const auto archive = open_archive(context, fleet::TraceScope::all);
  if (!archive) return archive.error();
  const auto asked = query_of(call, context.setup.services.unix_milliseconds());
  if (!asked) return asked.error();
  const trace::Query& query = asked->query;
  if (!asked->after.empty()) return newer_rows(context, **archive, *asked);
  // Before the search, so that what comes in between is in both, and not in neither.
  const auto begin = query.cursor.empty() ? (*archive)->news(query, {}) : trace::News();
  const auto page = (*archive)->search(query);
  if (!page) return unreadable(page.error());
  if (page->rows.empty()) {
    const auto policy = context.setup.services.policies.current().policy;
    const auto unknown = unknown_names(**archive, query, policy->configuration());
    if (!unknown.empty()) return problem(400, "a parameter has a value that it cannot have", unknown);
  }
  Json object = {{"messages", list_of(page->rows)}, {"next", page->next.empty() ? Json() : Json(page->next)}};
  if (begin && !begin->mark.empty()) object["follow"] = begin->mark;
  add_scope(context, **archive, object);
  if (page->complete_until) object["complete_until"] = trace::iso_time(*page->complete_until);
  return json_response(object);
}

// Page by page, so that a whole trace costs no more memory than a page.
Response export_trace(Context& context, const Call& call) {
  constexpr std::size_t page_length = 1000;
  auto archive = open_archive(context, fleet::TraceScope::all);
  if (!archive) return archive.error();
  auto asked = query_of(call, context.setup.services.unix_milliseconds());
  if (!asked) return asked.error();
  asked->query.limit = page_length;
  struct State {
    std::unique_ptr<trace::Archive> archive;
    trace::Query query;
    bool is_over = false;
  };
  const auto state = std::make_shared<State>(State{std::move(*archive), std::move(asked->query)});
  Response response{200, "text/csv; charset=utf-8", trace::csv_heading(), {}};
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"messages.csv\"");
  response.more = [state] {
    std::string lines;
    if (state->is_over) return lines;
    const auto page = state->archive->search(state->query);
    if (!page) throw std::runtime_error(page.error());
    for (const trace::Row& row : page->rows) lines += trace::csv_line(row);
    state->query.cursor = page->next;
    state->is_over = page->next.empty();
    return lines;
  };
  return response;
}

Response get_trace(Context& context, const Call& call) {
  const auto archive = open_archive(context, fleet::TraceScope::all);
  if (!archive) return archive.error();
  const auto named = trace::find_named_row(**archive, call.id);
  if (!named) return unreadable(named.error());
  const auto detail = *named ? (*archive)->detail((*named)->row)
                             : tl::expected<std::optional<trace::MessageTraceDetail>, std::string>();
  if (!detail) return unreadable(detail.error());
  if (!*detail)
    return problem(
        404, "there is no message of that number, queue ID or Message-ID; GET /api/exchange/messagetrace finds them");
  Json object = trace::to_json(**detail);
  const std::string advice = trace::gateway_advice(**archive, **detail);
  object["advice"] = advice.empty() ? Json() : Json(advice);
  add_scope(context, **archive, object);
  return json_response(object);
}

namespace {

Response report_by(Context& context, const Call& call, Groupings groupings) {
  const auto archive = open_archive(context, fleet::TraceScope::all);
  if (!archive) return archive.error();
  const auto query = report_query_of(call, groupings, context.setup.services.unix_milliseconds());
  if (!query) return query.error();
  const auto report = (*archive)->report(*query);
  if (!report) return unreadable(report.error());
  Json object = trace::to_json(*report);
  add_scope(context, **archive, object);
  return json_response(object);
}

}  // namespace

Response report_connectors(Context& context, const Call& call) {
  return report_by(context, call, by_connector);
}

Response report_rules(Context& context, const Call& call) {
  return report_by(context, call, by_rule);
}

}  // namespace connectord::api
