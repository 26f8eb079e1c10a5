// Looking at connectors.
#include <algorithm>
#include <type_traits>

#include "connectord/base/ascii_case.h"
#include "connectord/base/digest.h"
#include "connectord/config/connector_json.h"
#include "connectord/config/connector_summary.h"
#include "lookup.h"

namespace connectord::api {
namespace {

template <class Connector>
const Connector* named(const std::vector<Connector>& connectors, const std::string& name) {
  const auto found = std::find_if(connectors.begin(), connectors.end(),
                                  [&name](const Connector& connector) { return connector.name == name; });
  return found == connectors.end() ? nullptr : &*found;
}

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
bool holds_text(const Connector& connector, const std::string& text) {
  return base::contains_ignoring_case(config::to_json(connector).dump(-1, ' ', false, Json::error_handler_t::replace),
                                      text);
}

template <class Connector>
void add_listed(const std::vector<Connector>& connectors, const Filters& filters, const Validations::Last& last,
                Json& list) {
  for (const Connector& connector : connectors) {
    if (filters.enabled && connector.enabled != *filters.enabled) continue;
    if (filters.scenario && to_string(connector.scenario) != *filters.scenario) continue;
    if (filters.name && !base::contains_ignoring_case(connector.name, *filters.name)) continue;
    if (filters.text && !holds_text(connector, *filters.text)) continue;
    Json object = config::to_json(config::summarize(connector));
    const bool inbound = std::is_same_v<Connector, model::InboundConnector>;
    if (last) object["validated"] = last(inbound, connector.name);
    list.push_back(std::move(object));
  }
}

}  // namespace

Json Found::json() const {
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
  if (*direction != "outbound") found.inbound = named(configuration.inbound, call.id);
  if (*direction != "inbound") found.outbound = named(configuration.outbound, call.id);
  if (found.inbound != nullptr && found.outbound != nullptr) {
    return tl::unexpected(problem(
        409,
        "there is an inbound and an outbound connector of that name; add ?direction=inbound or ?direction=outbound"));
  }
  if (found.inbound == nullptr && found.outbound == nullptr) {
    return tl::unexpected(problem(404, "there is no such connector; GET /api/exchange/connectors lists all"));
  }
  return found;
}

std::string etag_of(const Json& connector) {
  constexpr std::size_t enough = 32;
  return '"' + base::sha256_hex(to_text(connector)).substr(0, enough) + '"';
}

Response connector_response(const Json& connector, unsigned status) {
  Response response = json_response(connector, status);
  response.headers.emplace_back("ETag", etag_of(connector));
  return response;
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
  return found ? connector_response(found->json()) : found.error();
}

}  // namespace connectord::api
