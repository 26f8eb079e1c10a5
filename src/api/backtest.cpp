// What a connector that is not there yet would have done with the mail of the past.
#include "connectord/simulate/backtest.h"

#include "connectord/config/connector_files.h"
#include "connectord/config/load.h"
#include "context.h"
#include "parameters.h"
#include "trace_archive.h"
#include "turn.h"

namespace connectord::api {
namespace {

Response not_sound(const std::vector<FieldError>& errors) {
  return problem(422, "the connector is not valid", errors);
}

std::vector<FieldError> errors_of(const std::vector<model::Problem>& problems, const std::string& prefix) {
  std::vector<FieldError> errors;
  for (const model::Problem& found : problems) {
    if (found.severity != model::Problem::Severity::error) continue;
    const bool is_key = found.key.starts_with(prefix);
    errors.push_back({is_key ? found.key.substr(prefix.size()) : std::string(), found.message});
  }
  return errors;
}

// What replays past mail by the running configuration with the connector.
Answered<std::shared_ptr<const engine::Policy>> draft_of(const Json& body, const model::Configuration& running) {
  const Json direction = body.contains("direction") ? body["direction"] : Json("inbound");
  if (direction != "inbound" && direction != "outbound") {
    return tl::unexpected(not_sound({{"direction", "write inbound or outbound"}}));
  }
  const auto text = config::connector_toml(body);
  if (!text) return tl::unexpected(not_sound({{text.error().key, text.error().message}}));
  const std::string prefix = direction == "outbound" ? "outbound." : "inbound.";
  const config::Loaded draft = config::parse(*text, "the draft", {"localhost"});
  if (!draft.ok()) return tl::unexpected(not_sound(errors_of(draft.problems, prefix)));
  auto compiled = simulate::policy_for_replay(simulate::with_draft(running, draft.configuration));
  if (!compiled.policy) return tl::unexpected(not_sound(errors_of(compiled.problems, prefix)));
  return std::shared_ptr<const engine::Policy>(std::move(compiled.policy));
}

Answered<trace::Query> times_of(const Call& call, std::int64_t now) {
  constexpr std::int64_t week = std::int64_t{7} * 24 * 3600 * 1000;
  Parameters parameters(call.target);
  trace::Query query;
  query.since = parameters.time("since", now).value_or(now - week);
  query.until = parameters.time("until", now);
  if (auto refused = parameters.refusal()) return tl::unexpected(*refused);
  return query;
}

}  // namespace

Response backtest_connector(Context& context, const Call& call) {
  const auto query = times_of(call, context.setup.services.unix_milliseconds());
  if (!query) return query.error();
  const auto policy = context.setup.services.policies.current().policy;
  const model::Configuration& running = policy->configuration();
  const auto draft = draft_of(call.body, running);
  if (!draft) return draft.error();
  const Turn turn(context.examinations, 1);
  if (!turn.granted()) return try_again_in(2, "past mail is being looked through already; try again in a moment");
  const auto archive = open_archive(context);
  if (!archive) return archive.error();
  const auto now = simulate::policy_for_replay(running);
  if (!now.policy) return problem(500, "what runs cannot be replayed; run connectorctl check");
  const auto result = simulate::backtest(**archive, *query, *now.policy, **draft);
  return result ? json_response(simulate::to_json(*result)) : problem(503, result.error());
}

}  // namespace connectord::api
