// What a person should look at, and what somebody does not want to see for a while.
#include "connectord/api/insights.h"

#include "audited.h"
#include "connectord/base/time.h"
#include "connectord/trace/moment.h"
#include "context.h"
#include "lookup.h"

namespace connectord::api {
namespace {

constexpr std::size_t longest_reason = 500;

Response no_insights() {
  return problem(501, "this process has no insights");
}

// What is asked for, or what is wrong with it.
Answered<Insights::Mute> mute_of(const Call& call, std::int64_t now) {
  constexpr std::int64_t longest = 366 * base::day_seconds;
  std::vector<FieldError> errors;
  Insights::Mute mute{call.id, "", 0, call.caller.name};
  for (const auto& [key, value] : call.body.items()) {
    if (key != "reason" && key != "until") errors.push_back({key, "there is no such field"});
  }
  const auto reason = word_of(call.body, "mute", "reason", "why nobody needs to see it for a while");
  if (reason && !reason->empty() && reason->size() <= longest_reason) mute.reason = *reason;
  if (mute.reason.empty()) errors.push_back({"reason", "write why, in 1 to 500 bytes"});
  const auto until = word_of(call.body, "mute", "until", "a time");
  const auto time = until ? trace::parse_time(*until) : std::nullopt;
  if (time && *time > now && *time <= now + longest) mute.until = *time;
  if (mute.until == 0)
    errors.push_back(
        {"until", "write a time within a year from now, as " + base::utc_text(now + 7 * base::day_seconds)});
  if (errors.empty()) return mute;
  return tl::unexpected(not_valid("mute", errors));
}

Response change_mute(Context& context, const Call& call, std::string_view action, const Json& before, const Json& after,
                     const std::function<tl::expected<void, std::string>()>& change) {
  Json entry = audit_entry(call, action);
  entry["insight"] = call.id;
  entry["before"] = before;
  entry["after"] = after;
  const auto done = audited(context, std::move(entry), change);
  if (!done) return problem(500, done.error() + "; nothing was changed");
  return after.is_null() ? Response{204, "", "", {}} : json_response(after);
}

Response no_such_insight() {
  return problem(404, "there is no such insight; GET /api/exchange/insights has the id of each");
}

}  // namespace

Response get_insights(Context& context, const Call& /*call*/) {
  const Insights& insights = context.setup.insights;
  return insights.look ? json_response(insights.look()) : no_insights();
}

Response mute_insight(Context& context, const Call& call) {
  const Insights& insights = context.setup.insights;
  if (!insights.mute) return no_insights();
  Json before;
  if (!insights.find(call.id, before)) return no_such_insight();
  const auto mute = mute_of(call, context.setup.services.unix_time());
  if (!mute) return mute.error();
  const Json after{{"reason", mute->reason}, {"until", base::utc_text(mute->until)}, {"who", mute->who}};
  return change_mute(context, call, "mute", before, after, [&] { return insights.mute(*mute); });
}

Response unmute_insight(Context& context, const Call& call) {
  const Insights& insights = context.setup.insights;
  if (!insights.unmute) return no_insights();
  Json before;
  if (!insights.find(call.id, before)) return no_such_insight();
  if (before.is_null()) return problem(404, "the insight is not muted");
  return change_mute(context, call, "unmute", before, nullptr, [&] { return insights.unmute(call.id); });
}

}  // namespace connectord::api
