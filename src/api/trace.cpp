// The record of messages: searches, one message whole, and reports.
#include <array>
#include <charconv>

#include "connectord/trace/moment.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_json.h"
#include "lookup.h"

namespace connectord::api {
namespace {

constexpr std::size_t largest_page = 1000;

// Parameters that are read one after the other; what is wrong with any of them is told together.
class Parameters {
 public:
  explicit Parameters(const Target& target) : target_(target) {}

  std::string text(const std::string& name) const { return target_.parameter(name).value_or(""); }

  template <class Parse>
  auto parsed(const std::string& name, const Parse& parse, const char* remedy) -> decltype(parse(std::string())) {
    const auto value = target_.parameter(name);
    if (!value) return std::nullopt;
    auto result = parse(*value);
    if (!result) errors_.push_back({name, remedy});
    return result;
  }

  // Milliseconds since 1970.
  std::optional<std::int64_t> time(const std::string& name, std::int64_t now) {
    return parsed(
        name, [now](const std::string& text) { return trace::parse_moment(text, now); },
        "write a time in UTC, as 2026-11-21T12:00:00Z, how long ago, as 2h, today or yesterday");
  }

  // A range of time in which something can be.
  void check_range(const std::optional<std::int64_t>& since, const std::optional<std::int64_t>& until) {
    if (since && until && *since >= *until) refuse("until", "write a time after that of since");
  }

  void refuse(const std::string& name, std::string message) { errors_.push_back({name, std::move(message)}); }

  std::optional<Response> refusal() const {
    if (errors_.empty()) return std::nullopt;
    return problem(400, "a parameter has a value that it cannot have", errors_);
  }

 private:
  const Target& target_;
  std::vector<FieldError> errors_;
};

template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class Value, std::size_t Size>
auto one_word_of(const std::array<std::pair<std::string_view, Value>, Size>& words) {
  return [&words](const std::string& text) -> std::optional<Value> {
    for (const auto& [word, value] : words) {
      if (word == text) return value;
    }
    return std::nullopt;
  };
}

// The file may have been set aside since, so it is opened for each request.
Answered<std::unique_ptr<trace::Archive>> open_archive(const Context& context) {
  const auto policy = context.setup.services.policies.current().policy;
  const auto& settings = policy->configuration().trace;
  if (!settings) {
    return tl::unexpected(problem(409, "no record of messages is kept; write [trace] in connectord's configuration"));
  }
  return trace::open_sqlite_archive(settings->file()).map_error([](const std::string& why) {
    return problem(503, "the record of messages cannot be read: " + why);
  });
}

Answered<trace::Query> query_of(const Call& call, std::int64_t now) {
  Parameters parameters(call.target);
  trace::Query query;
  query.sender = parameters.text("sender");
  query.recipient = parameters.text("recipient");
  query.message_id = parameters.text("message_id");
  query.queue_id = parameters.text("queue_id");
  query.connector = parameters.text("connector");
  query.cursor = parameters.text("cursor");
  query.status = parameters.parsed("status", trace::parse_status, "there is no such status; see the description");
  query.action = parameters.parsed("action", trace::parse_action, "write accept, quarantine, reject or defer");
  query.direction = parameters.parsed("direction", trace::parse_direction, "write inbound or outbound");
  query.since = parameters.time("since", now);
  query.until = parameters.time("until", now);
  parameters.check_range(query.since, query.until);
  const auto limit = parameters.parsed("limit", parse_number<std::size_t>, "write a number from 1 to 1000");
  query.limit = limit.value_or(query.limit);
  if (limit && (*limit == 0 || *limit > largest_page)) parameters.refuse("limit", "write a number from 1 to 1000");
  if (!query.cursor.empty() && !parse_number<std::int64_t>(query.cursor)) {
    parameters.refuse("cursor", "write what the page before gave as next");
  }
  if (const std::string client = parameters.text("client"); !client.empty()) {
    auto range = net::AddressRange::parse(client);
    if (range) query.client = std::move(*range);
    if (!range) parameters.refuse("client", range.error());
  }
  if (auto refused = parameters.refusal()) return tl::unexpected(*refused);
  return query;
}

Answered<trace::ReportQuery> report_query_of(const Call& call, std::int64_t now) {
  using trace::Interval;
  static constexpr std::array<std::pair<std::string_view, Interval>, 3> intervals = {
      {{"whole", Interval::whole}, {"hour", Interval::hour}, {"day", Interval::day}}};
  constexpr std::int64_t week = std::int64_t{7} * 24 * 3600 * 1000;
  Parameters parameters(call.target);
  trace::ReportQuery query;
  query.by = parameters
                 .parsed("group", one_word_of(trace::groupings),
                         "write connector, outbound_connector, direction, tls or action")
                 .value_or(query.by);
  query.interval =
      parameters.parsed("interval", one_word_of(intervals), "write whole, hour or day").value_or(query.interval);
  query.until = parameters.time("until", now).value_or(now);
  query.since = parameters.time("since", now).value_or(query.until - week);
  parameters.check_range(query.since, query.until);
  if (auto refused = parameters.refusal()) return tl::unexpected(*refused);
  return query;
}

Response unreadable(const std::string& why) {
  return problem(503, "the record of messages cannot be read: " + why);
}

}  // namespace

Response search_trace(Context& context, const Call& call) {
  const auto archive = open_archive(context);
  if (!archive) return archive.error();
  const auto query = query_of(call, context.setup.services.unix_milliseconds());
  if (!query) return query.error();
  const auto page = (*archive)->search(*query);
  if (!page) return unreadable(page.error());
  Json rows = Json::array();
  for (const trace::Row& row : page->rows) rows.push_back(trace::to_json(row));
  return json_response({{"messages", std::move(rows)}, {"next", page->next.empty() ? Json() : Json(page->next)}});
}

Response get_trace(Context& context, const Call& call) {
  const auto archive = open_archive(context);
  if (!archive) return archive.error();
  const auto row = parse_number<std::int64_t>(call.id);
  const auto detail =
      row ? (*archive)->detail(*row) : tl::expected<std::optional<trace::MessageTraceDetail>, std::string>();
  if (!detail) return unreadable(detail.error());
  if (!*detail) return problem(404, "there is no message of that number; GET /api/exchange/messagetrace finds them");
  return json_response(trace::to_json(**detail));
}

Response report_connectors(Context& context, const Call& call) {
  const auto archive = open_archive(context);
  if (!archive) return archive.error();
  const auto query = report_query_of(call, context.setup.services.unix_milliseconds());
  if (!query) return query.error();
  const auto report = (*archive)->report(*query);
  return report ? json_response(trace::to_json(*report)) : unreadable(report.error());
}

}  // namespace connectord::api
