// Looking at transport rules, and trying them.
#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/config/rule_json.h"
#include "connectord/config/rule_names.h"
#include "connectord/model/entry_named.h"
#include "connectord/runtime/load_policy.h"
#include "lookup.h"

namespace connectord::api {
namespace {

using model::Configuration;
using model::Rule;

Answered<Found> find_rule(const Configuration& configuration, const Call& call) {
  const Rule* rule = model::entry_named(configuration.rules, call.id);
  if (rule != nullptr) return Found{nullptr, nullptr, rule};
  return tl::unexpected(problem(404, config::no_rule(call.id, config::rule_names(configuration))));
}

// One that says nothing of its priority goes last.
void add_priority(const Configuration& configuration, Json& body) {
  constexpr std::int32_t step = 10;
  std::int32_t last = 0;
  for (const Rule& rule : configuration.rules) last = std::max(last, rule.priority);
  if (!body.contains("priority")) body["priority"] = last + step;
}

Answered<NewEntry> begin_rule(const Configuration& configuration, const Json& body) {
  auto name = word_of(body, rule_collection.noun, "name", "a name");
  if (!name) return tl::unexpected(name.error());
  if (auto taken = check_free(configuration.rules, rule_collection.noun, *name)) return tl::unexpected(*taken);
  NewEntry entry{std::move(*name), "rule", body};
  add_priority(configuration, entry.body);
  return entry;
}

bool is_wanted(const Rule& rule, const Call& call) {
  const auto& target = call.target;
  if (const auto status = target.parameter("status"); status && (*status == "enabled") != rule.enabled) return false;
  if (const auto mode = target.parameter("mode"); mode && *mode != model::word_of(rule.mode)) return false;
  if (const auto name = target.parameter("name"); name && !base::contains_ignoring_case(rule.name, *name)) return false;
  const auto text = target.parameter("text");
  return !text || holds_text(config::to_json(rule), *text);
}

// A rule that is only tried: new, or in the place of the one of that name.
Answered<NewEntry> draft_of(const Configuration& configuration, const Json& body) {
  auto name = word_of(body, rule_collection.noun, "name", "a name");
  if (!name) return tl::unexpected(name.error());
  NewEntry entry{std::move(*name), "rule", body};
  const Rule* same = model::entry_named(configuration.rules, entry.name);
  if (same != nullptr && !body.contains("priority")) entry.body["priority"] = same->priority;
  add_priority(configuration, entry.body);
  return entry;
}

// The configuration as it would be with the rule. Nothing is changed.
Answered<runtime::LoadedPolicy> load_with(const Context& context, const Json& body, std::string& file) {
  const auto policy = context.setup.services.policies.current().policy;
  const Configuration& configuration = policy->configuration();
  const auto entry = draft_of(configuration, body);
  if (!entry) return tl::unexpected(entry.error());
  auto change = change_for(context, configuration, *entry);
  if (!change) return tl::unexpected(change.error());
  file = change->path;
  config::Environment environment = runtime::environment_of_host();
  environment.change = std::move(*change);
  return runtime::load_policy(context.setup.reloader.main_file(), environment);
}

// "rule.when.sender" in the rule's own file is "when.sender".
Json problem_json(const model::Problem& problem, const std::string& file) {
  constexpr std::string_view prefix = "rule.";
  const bool is_own = problem.location.file && *problem.location.file == file;
  const bool is_key = is_own && problem.key.starts_with(prefix);
  return {{"severity", problem.severity == model::Problem::Severity::error ? "error" : "warning"},
          {"field", is_key ? problem.key.substr(prefix.size()) : std::string()},
          {"message", is_own ? problem.message : to_string(problem)}};
}

}  // namespace

const Collection rule_collection{"rule", "/api/exchange/rules", find_rule, begin_rule};

Response list_rules(Context& context, const Call& call) {
  const auto status = one_of(call, "status", "enabled", "disabled");
  if (!status) return status.error();
  const auto mode = one_of(call, "mode", "enforce", "audit");
  if (!mode) return mode.error();
  const auto policy = context.setup.services.policies.current().policy;
  std::vector<const Rule*> wanted;
  for (const Rule& rule : policy->configuration().rules) {
    if (is_wanted(rule, call)) wanted.push_back(&rule);
  }
  std::sort(wanted.begin(), wanted.end(), [](const Rule* a, const Rule* b) { return a->priority < b->priority; });
  Json list = Json::array();
  for (const Rule* rule : wanted) list.push_back(config::summary_json(*rule));
  return json_response({{"rules", std::move(list)}});
}

Response get_rule(Context& context, const Call& call) {
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = find_rule(policy->configuration(), call);
  return found ? entry_response(found->json()) : found.error();
}

Response check_rule(Context& context, const Call& call) {
  std::string file;
  const auto loaded = load_with(context, call.body, file);
  if (!loaded) return loaded.error();
  Json problems = Json::array();
  for (const model::Problem& found : loaded->problems) problems.push_back(problem_json(found, file));
  return json_response({{"ok", loaded->policy != nullptr}, {"problems", std::move(problems)}});
}

Response test_rules(Context& context, const Call& call) {
  runtime::Generation generation = context.setup.services.policies.current();
  Json question = call.body;
  if (question.contains("rule")) {
    std::string file;
    auto loaded = load_with(context, question["rule"], file);
    if (!loaded) return loaded.error();
    if (!loaded->policy) {
      std::vector<FieldError> errors;
      for (const model::Problem& found : loaded->problems) {
        if (found.severity != model::Problem::Severity::error) continue;
        const Json reported = problem_json(found, file);
        errors.push_back({"rule." + reported["field"].get<std::string>(), reported["message"].get<std::string>()});
      }
      return not_valid(rule_collection.noun, errors);
    }
    generation.policy = std::move(loaded->policy);
    question.erase("rule");
  }
  return answer_with_preview(context, generation, question);
}

}  // namespace connectord::api
