// Looking at connectors.
#include <algorithm>
#include <type_traits>

#include "connectord/base/ascii_case.h"
#include "connectord/base/digest.h"
#include "connectord/base/json.h"
#include "connectord/config/connector_json.h"
#include "connectord/config/connector_name.h"
#include "connectord/config/connector_names.h"
#include "connectord/config/connector_summary.h"
#include "connectord/config/rule_json.h"
#include "connectord/model/entry_named.h"
#include "lookup.h"

namespace connectord::api {
namespace {

struct Filters {
  std::optional<std::string> direction;
  std::optional<std::string> scenario;
  std::optional<bool> enabled;
  std::optional<std::string> name;
  std::optional<std::string> text;
};

Answered<Filters> read_filters(const Call& call) {
  Filters filters;
  const auto direction = one_of(call, "direction", "inbound", "outbound");
  if (!direction) return tl::unexpected(direction.error());
  const auto status = one_of(call, "status", "enabled", "disabled");
  if (!status) return tl::unexpected(status.error());
  const auto enabled = one_of(call, "enabled", "true", "false");
  if (!enabled) return tl::unexpected(enabled.error());
  filters.direction = *direction;
  if (*status) filters.enabled = **status == "enabled";
  if (*enabled) filters.enabled = **enabled == "true";
  filters.scenario = call.target.parameter("scenario");
  filters.name = call.target.parameter("name");
  filters.text = call.target.parameter("text");
  return filters;
}

template <class Connector>
void add_listed(const std::vector<Connector>& connectors, const Filters& filters, const Validations::Last& last,
                Json& list) {
  for (const Connector& connector : connectors) {
    if (filters.enabled && connector.enabled != *filters.enabled) continue;
    if (filters.scenario && to_string(connector.scenario) != *filters.scenario) continue;
    if (filters.name && !base::contains_ignoring_case(connector.name, *filters.name)) continue;
    if (filters.text && !holds_text(config::to_json(connector), *filters.text)) continue;
    Json object = config::to_json(config::summarize(connector));
    const bool inbound = std::is_same_v<Connector, model::InboundConnector>;
    if (last) object["validated"] = last(inbound, connector.name);
    list.push_back(std::move(object));
  }
}

Answered<std::string> name_in(const Json& body) {
  return word_of(body, connector_collection.noun, "name", "a name")
      .and_then([](std::string name) -> Answered<std::string> {
        // Their alphabet has no slash, so that a name leads to no other folder.
        if (config::is_connector_name(name)) return name;
        return tl::unexpected(
            not_valid(connector_collection.noun,
                      {{"name", "is no connector's name; " + std::string(config::connector_name_remedy)}}));
      });
}

Answered<std::string> direction_in(const Json& body) {
  return word_of(body, connector_collection.noun, "direction", "inbound or outbound")
      .and_then([](std::string direction) -> Answered<std::string> {
        if (direction == "inbound" || direction == "outbound") return direction;
        return tl::unexpected(not_valid(connector_collection.noun, {{"direction", "write inbound or outbound"}}));
      });
}

Answered<NewEntry> begin_connector(const model::Configuration& configuration, const Json& body) {
  const auto name = name_in(body);
  if (!name) return tl::unexpected(name.error());
  const auto direction = direction_in(body);
  if (!direction) return tl::unexpected(direction.error());
  const std::string_view noun = connector_collection.noun;
  const auto taken = *direction == "inbound" ? check_free(configuration.inbound, noun, *name)
                                             : check_free(configuration.outbound, noun, *name);
  if (taken) return tl::unexpected(*taken);
  return NewEntry{*name, *direction, body};
}

}  // namespace

const Collection connector_collection{"connector", "/api/exchange/connectors", find_connector, begin_connector};

Json Found::json() const {
  if (rule != nullptr) return config::to_json(*rule);
  return inbound != nullptr ? config::to_json(*inbound) : config::to_json(*outbound);
}

Answered<std::optional<std::string>> one_of(const Call& call, const std::string& parameter, std::string_view first,
                                            std::string_view second) {
  auto value = call.target.parameter(parameter);
  if (!value || *value == first || *value == second) return value;
  const std::string message = "write " + std::string(first) + " or " + std::string(second);
  return tl::unexpected(problem(400, "a parameter has a value that it cannot have", {{parameter, message}}));
}

Answered<Found> find_connector(const model::Configuration& configuration, const Call& call) {
  const auto direction = one_of(call, "direction", "inbound", "outbound");
  if (!direction) return tl::unexpected(direction.error());
  Found found;
  if (*direction != "outbound") found.inbound = model::entry_named(configuration.inbound, call.id);
  if (*direction != "inbound") found.outbound = model::entry_named(configuration.outbound, call.id);
  if (found.inbound != nullptr && found.outbound != nullptr) {
    return tl::unexpected(problem(
        409, "there is an inbound and an outbound connector of that name; name the direction, inbound or outbound"));
  }
  if (found.inbound == nullptr && found.outbound == nullptr) {
    return tl::unexpected(problem(404, config::no_connector(call.id, config::connector_names(configuration))));
  }
  return found;
}

bool holds_text(const Json& entry, const std::string& text) {
  return base::contains_ignoring_case(base::json_text(entry), text);
}

std::string etag_of(const Json& entry) {
  constexpr std::size_t enough = 32;
  return '"' + base::sha256_hex(to_text(entry)).substr(0, enough) + '"';
}

Response entry_response(const Json& entry, unsigned status) {
  Response response = json_response(entry, status);
  response.headers.emplace_back("ETag", etag_of(entry));
  return response;
}

Response not_valid(std::string_view noun, const std::vector<FieldError>& errors) {
  return problem(422, "the " + std::string(noun) + " is not valid; nothing was changed", errors);
}

Answered<std::string> word_of(const Json& body, std::string_view noun, const char* key, std::string_view remedy) {
  if (body.contains(key) && body[key].is_string()) return body[key].get<std::string>();
  return tl::unexpected(not_valid(noun, {{key, "is missing or no string; write " + std::string(remedy)}}));
}

Response list_connectors(Context& context, const Call& call) {
  const auto filters = read_filters(call);
  if (!filters) return filters.error();
  const auto policy = context.setup.services.policies.current().policy;
  const model::Configuration& configuration = policy->configuration();
  const auto& results = context.setup.validations.results;
  const Validations::Last last = results ? results() : Validations::Last();
  Json list = Json::array();
  if (filters->direction != "outbound") add_listed(configuration.inbound, *filters, last, list);
  if (filters->direction != "inbound") add_listed(configuration.outbound, *filters, last, list);
  return json_response({{"connectors", std::move(list)}});
}

Response get_connector(Context& context, const Call& call) {
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = find_connector(policy->configuration(), call);
  return found ? entry_response(found->json()) : found.error();
}

}  // namespace connectord::api
