#include "connectord/api/api.h"

#include <algorithm>
#include <array>
#include <exception>
#include <initializer_list>
#include <utility>

#include "browser_guard.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "console.h"
#include "context.h"

namespace connectord::api {
namespace {

using Handler = Response (*)(Context&, const Call&);

struct Route {
  RouteDescription description;
  Handler handler = nullptr;
  bool has_body = false;
  std::vector<std::string_view> parameters{};  // that its query may have
};

std::vector<std::string_view> with(std::vector<std::string_view> names, std::initializer_list<std::string_view> more) {
  names.insert(names.end(), more);
  return names;
}

const std::vector<Route>& table() {
  static const std::vector<std::string_view> one = {"direction"};
  static const std::vector<std::string_view> validation = {"direction", "rcpt_to", "mail_from"};
  static const std::vector<std::string_view> listing = {"direction", "scenario", "status", "enabled", "name", "text"};
  static const std::vector<std::string_view> rule_listing = {"status", "mode", "name", "text"};
  static const std::vector<std::string_view> exported = {"since",      "until",  "sender",    "recipient", "connector",
                                                         "action",     "status", "direction", "client",    "queue_id",
                                                         "message_id", "word",   "author",    "rule",      "host"};
  static const std::vector<std::string_view> search = with(exported, {"limit", "cursor", "after"});
  static const std::vector<std::string_view> times = {"since", "until"};
  static const std::vector<std::string_view> report = {"since", "until", "group", "interval"};
  static const std::vector<Route> routes = {
      {{"GET", "/health", Role::nobody}, get_health},
      {{"GET", "/metrics", Role::read}, get_metrics},
      {{"GET", "/api/openapi.json", Role::nobody}, get_description},
      {{"GET", "/api/exchange/connectors", Role::read}, list_connectors, false, listing},
      {{"POST", "/api/exchange/connectors", Role::admin}, create_connector, true},
      {{"GET", "/api/exchange/connectors/{id}", Role::read}, get_connector, false, one},
      {{"PUT", "/api/exchange/connectors/{id}", Role::admin}, replace_connector, true, one},
      {{"DELETE", "/api/exchange/connectors/{id}", Role::admin}, delete_connector, false, one},
      {{"PUT", "/api/exchange/connectors/{id}/status", Role::operate}, set_status, true, one},
      {{"POST", "/api/exchange/connectors/{id}/validate", Role::operate}, validate_connector, false, validation},
      {{"GET", "/api/exchange/rules", Role::read}, list_rules, false, rule_listing},
      {{"POST", "/api/exchange/rules", Role::admin}, create_rule, true},
      {{"POST", "/api/exchange/rules/test", Role::read}, test_rules, true},
      {{"POST", "/api/exchange/rules/check", Role::read}, check_rule, true},
      {{"GET", "/api/exchange/rules/{id}", Role::read}, get_rule},
      {{"GET", "/api/exchange/rules/{id}/place", Role::read}, get_rule_place},
      {{"PUT", "/api/exchange/rules/{id}", Role::admin}, replace_rule, true},
      {{"DELETE", "/api/exchange/rules/{id}", Role::admin}, delete_rule},
      {{"PUT", "/api/exchange/rules/{id}/status", Role::operate}, set_rule_status, true},
      {{"GET", "/api/exchange/messagetrace", Role::read}, search_trace, false, search},
      {{"GET", "/api/exchange/messagetrace.csv", Role::read}, export_trace, false, exported},
      {{"GET", "/api/exchange/messagetrace/{id}", Role::read}, get_trace},
      {{"POST", "/api/exchange/explain", Role::read}, explain_message, true},
      {{"GET", "/api/exchange/reports/connectors", Role::read}, report_connectors, false, report},
      {{"GET", "/api/exchange/reports/rules", Role::read}, report_rules, false, report},
      {{"GET", "/api/exchange/queue", Role::read}, get_queue},
      {{"GET", "/api/exchange/quarantine", Role::read}, list_held},
      {{"POST", "/api/exchange/quarantine/{id}/release", Role::operate}, release_held},
      {{"DELETE", "/api/exchange/quarantine/{id}", Role::admin}, delete_held},
      {{"GET", "/approval/{id}", Role::nobody}, show_approval},
      {{"POST", "/approval/{id}/release", Role::nobody}, release_by_link},
      {{"POST", "/approval/{id}/reject", Role::nobody}, reject_by_link},
      {{"POST", "/api/exchange/connectors/check", Role::admin}, check_connector, true},
      {{"GET", "/api/exchange/connectors/{id}/place", Role::read}, get_place, false, one},
      {{"POST", "/api/exchange/backtest", Role::read}, backtest_connector, true, times},
      {{"GET", "/api/exchange/doctor", Role::read}, get_doctor},
      {{"GET", "/api/exchange/certificates", Role::read}, get_certificates},
      {{"GET", "/api/exchange/insights", Role::read}, get_insights},
      {{"POST", "/api/exchange/insights/{id}/mute", Role::operate}, mute_insight, true},
      {{"DELETE", "/api/exchange/insights/{id}/mute", Role::operate}, unmute_insight},
      {{"GET", "/api/exchange/domains", Role::read}, list_domains},
      {{"POST", "/api/exchange/domains/{id}/check", Role::operate}, check_domain},
      {{"GET", "/api/exchange/schema", Role::read}, get_schema},
      {{"GET", "/api/exchange/changes", Role::read}, get_changes},
      {{"GET", "/api/exchange/reports/dmarc", Role::read}, list_sent_reports, false, {"day", "limit"}},
      {{"GET", "/api/exchange/reports/dmarc/{id}", Role::read}, get_sent_report, false, {"day", "format"}},
      {{"GET", "/api/exchange/audit", Role::read}, get_audit, false, {"limit"}},
      {{"GET", "/api/session", Role::read}, get_session},
      {{"POST", "/api/session", Role::read}, begin_session},
      {{"DELETE", "/api/session", Role::read}, end_session},
      {{"POST", "/api/session/link", Role::read}, make_link},
      {{"GET", "/api/sessions", Role::admin}, list_sessions},
      {{"DELETE", "/api/sessions/{id}", Role::admin}, end_other_session},
      {{"GET", "/api/tokens", Role::admin}, list_tokens},
  };
  return routes;
}

// Whether a path is the route's; what stands for {id} goes to `id`.
bool matches(std::string_view pattern, const std::vector<std::string>& segments, std::string& id) {
  std::string found;
  for (const std::string& segment : segments) {
    if (!pattern.starts_with('/')) return false;
    pattern.remove_prefix(1);
    const auto part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (part == "{id}") {
      found = segment;
    } else if (part != segment) {
      return false;
    }
  }
  if (!pattern.empty()) return false;
  id = found;
  return true;
}

bool is_json(std::string_view content_type) {
  const std::string_view type = base::trimmed(content_type.substr(0, content_type.find(';')));
  return base::equals_ignoring_case(type, "application/json");
}

Response wrong_method(const std::string& allowed) {
  Response response = problem(405, "the path does not take this method; it takes " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

Answered<const Route*> find_route(const std::string& method, const std::vector<std::string>& segments,
                                  std::string& id) {
  std::string allowed;
  for (const Route& route : table()) {
    if (!matches(route.description.path, segments, id)) continue;
    if (route.description.method == method) return &route;
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.description.method);
  }
  if (allowed.empty()) return tl::unexpected(problem(404, "there is no such path; see /api/openapi.json"));
  return tl::unexpected(wrong_method(allowed));
}

std::optional<Response> check_role(const Caller& caller, Role needed) {
  if (caller.role >= needed) return std::nullopt;
  if (caller.role != Role::nobody) {
    return problem(403, "this needs the role " + std::string(to_string(needed)) + ", and the token \"" + caller.name +
                            "\" has " + std::string(to_string(caller.role)));
  }
  Response response =
      problem(401, "this needs a token: make one with connectorctl token add, and write Authorization: Bearer TOKEN");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"connectord\"");
  return response;
}

std::optional<Response> check_query(const Target& target, const Route& route) {
  std::vector<FieldError> errors;
  for (const auto& [name, value] : target.query) {
    const auto& known = route.parameters;
    if (std::find(known.begin(), known.end(), name) == known.end())
      errors.push_back({name, "there is no such parameter"});
  }
  if (errors.empty()) return std::nullopt;
  return problem(400, "the query has a parameter that this path does not take", errors);
}

Answered<Json> body_of(const Request& request, const Route& route) {
  if (!route.has_body) {
    if (request.body.empty()) return Json();
    return tl::unexpected(problem(400, "this takes no body"));
  }
  if (!is_json(request.content_type)) {
    return tl::unexpected(problem(415, "the body must be JSON: write Content-Type: application/json"));
  }
  return parse_body(request.body).map_error([](const std::string& error) { return problem(400, error); });
}

// "mx.example.net" of "https://mx.example.net:8025".
std::string host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("//") + 2));
  return std::string(without_port(url));
}

}  // namespace

Response json_response(const Json& json, unsigned status) {
  return {status, "application/json", to_text(json), {}};
}

class Api::Implementation {
 public:
  explicit Implementation(const Setup& setup)
      : hosts_(hosts_of(setup.settings)),
        gatekeeper_(setup.settings.api_tokens, setup.services.log, sessions_, setup.services.unix_time),
        context_{setup, AuditLog(setup.settings.audit_log, setup.services.unix_time), sessions_, gatekeeper_} {}

  Response handle(const Request& request) {
    std::string_view path = "none";
    Response response = answer(request, path);
    context_.setup.services.metrics->requests.with({path, std::to_string(response.status)}).add();
    return response;
  }

 private:
  Response answer(const Request& request, std::string_view& path) {
    auto target = parse_target(request.target);
    if (!target) return problem(400, target.error());
    if (auto refused = refuse_foreign(request, *target, hosts_)) return *refused;
    if (is_console_path(*target) && !context_.setup.settings.console) {
      return problem(404, "this connectord has no console: write console = true in [server], and restart it");
    }
    if (request.method == "GET") {
      if (auto page = console_file(*target)) return *page;
    }
    std::string id;
    const auto route = find_route(request.method, target->segments, id);
    if (!route) return route.error();
    path = (*route)->description.path;
    auto caller = gatekeeper_.identify(request);
    if (!caller) return caller.error();
    if (auto refused = check_role(*caller, (*route)->description.role)) return *refused;
    if (auto refused = check_query(*target, **route)) return *refused;
    auto body = body_of(request, **route);
    if (!body) return body.error();
    const Call call{request, std::move(*target), std::move(id), std::move(*caller), std::move(*body)};
    return (*route)->handler(context_, call);
  }

  static std::vector<std::string> hosts_of(const model::Server& settings) {
    std::vector<std::string> hosts = settings.console_hosts;
    hosts.push_back(settings.authserv_id);
    if (!settings.api_url.empty()) hosts.push_back(host_of(settings.api_url));
    return hosts;
  }

  const std::vector<std::string> hosts_;  // by which a browser may reach us
  Sessions sessions_;
  Gatekeeper gatekeeper_;
  Context context_;
};

Api::Api(const Setup& setup) : implementation_(std::make_unique<Implementation>(setup)) {}

Api::~Api() = default;

Response Api::handle(const Request& request) noexcept {
  try {
    return implementation_->handle(request);
  } catch (const std::exception& error) {
    // Memory, or a bug of ours; the log says which.
    return problem(500, std::string("connectord failed: ") + error.what());
  }
}

std::vector<RouteDescription> Api::routes() {
  std::vector<RouteDescription> descriptions;
  for (const Route& route : table()) descriptions.push_back(route.description);
  return descriptions;
}

}  // namespace connectord::api
