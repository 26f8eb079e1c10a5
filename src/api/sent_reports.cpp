// Which DMARC reports of ours were sent, and which were not and why.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "connectord/base/time.h"
#include "connectord/net/domain_name.h"
#include "connectord/reporting/aggregate_xml.h"
#include "connectord/reporting/ledger.h"
#include "connectord/reporting/send.h"
#include "connectord/reports/judgement.h"
#include "context.h"
#include "parameters.h"
#include "trace_archive.h"
#include "turn.h"

namespace connectord::api {
namespace {

constexpr std::size_t most = 1000;

enum class Form { json, xml };

std::optional<Form> parse_form(const std::string& text) {
  if (text == "json") return Form::json;
  return text == "xml" ? std::optional(Form::xml) : std::nullopt;
}

struct Question {
  std::string domain;
  reporting::Day day;
  Form form = Form::json;
};

Answered<Question> question_of(const Call& call) {
  Parameters parameters(call.target);
  const auto form = parameters.parsed("format", parse_form, "write json or xml");
  const auto day = reporting::whole_day(parameters.text("day"), base::unix_time());
  if (!day) parameters.refuse("day", day.error());
  if (auto refusal = parameters.refusal()) return tl::unexpected(*std::move(refusal));
  auto domain = net::normalize_domain(call.id);
  if (!domain) return tl::unexpected(problem(404, "that is no domain"));
  return Question{.domain = *std::move(domain), .day = *day, .form = form.value_or(Form::json)};
}

Response answer(const Question& question, const engine::Policy& policy, const reports::AggregateReport& report) {
  if (question.form == Form::xml) {
    return {.content_type = "application/xml", .body = reporting::to_xml(report)};
  }
  const std::string why = reporting::why_not_about(policy, question.domain);
  Json answer{{"day", to_string(question.day)}, {"not_sent", why.empty() ? Json() : Json(why)}};
  answer["report"] = reports::to_json(reports::Report(report));
  return json_response(answer);
}

}  // namespace

Response list_sent_reports(Context& context, const Call& call) {
  Parameters parameters(call.target);
  const auto wanted = parameters.parsed("day", reporting::parse_day, "write a day of UTC, as 2026-11-28");
  const std::size_t limit = parameters.limit().value_or(most);
  if (auto refusal = parameters.refusal()) return *std::move(refusal);
  const auto policy = context.setup.services.policies.current().policy;
  const std::string& folder = policy->configuration().reports.state;
  Json days = Json::array();
  const auto known = reporting::days_in(folder);
  for (const reporting::Day day : known) days.push_back(to_string(day));
  Json answer{{"day", nullptr}, {"days", std::move(days)}, {"total", 0}, {"reports", Json::array()}};
  if (!wanted && known.empty()) return json_response(answer);
  const reporting::Day day = wanted ? *wanted : known.front();
  const auto entries = reporting::read_day(folder, day).entries;
  answer["day"] = to_string(day);
  answer["total"] = entries.size();
  for (const auto& [key, entry] : entries) {
    if (answer["reports"].size() == limit) break;
    answer["reports"].push_back(to_json(day, entry));
  }
  return json_response(answer);
}

Response get_sent_report(Context& context, const Call& call) {
  const auto question = question_of(call);
  if (!question) return question.error();
  const auto policy = context.setup.services.policies.current().policy;
  if (const std::string why = reporting::why_none(policy->configuration()); !why.empty()) return problem(409, why);
  const Turn turn(context.examinations, 1);
  if (!turn.granted()) return try_again_in(2, "past mail is being looked through already; try again in a moment");
  const auto archive = open_archive(context);
  if (!archive) return archive.error();
  const auto report = reporting::report_about(*policy, **archive, question->domain, question->day);
  if (!report) return problem(503, report.error());
  if (!*report) return problem(404, "no mail of that day was judged by a DMARC record of this domain");
  return answer(*question, *policy, **report);
}

}  // namespace connectord::api
