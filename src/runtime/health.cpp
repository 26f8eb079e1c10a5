#include "connectord/runtime/health.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "connectord/base/digest.h"
#include "connectord/base/display_control.h"
#include "connectord/base/json.h"
#include "connectord/base/json_values.h"
#include "connectord/base/time.h"
#include "connectord/version.h"

namespace connectord::runtime {
namespace {

using Json = nlohmann::ordered_json;

Json time_of(std::int64_t seconds) {
  std::string text = seconds == 0 ? std::string() : base::utc_text(seconds);
  return text.empty() ? Json(nullptr) : Json(std::move(text));
}

constexpr std::size_t max_text = 500;

Json listener(const std::optional<net::Endpoint>& endpoint) {
  return endpoint ? Json(endpoint->to_string()) : Json(nullptr);
}

Json counted(const char* what, const Counter& counter) {
  return {{what, counter.total()}, {"last", time_of(counter.last())}};
}

Json reload_of(const Activity::Load& load) {
  if (!load.failed) return {{"failed", false}};
  constexpr std::size_t shown = 10;
  constexpr std::size_t longest = 500;
  Json problems = Json::array();
  for (std::size_t i = 0; i < std::min(load.problems.size(), shown); ++i) {
    problems.push_back(load.problems[i].substr(0, longest));
  }
  return {{"failed", true}, {"at", time_of(load.failed_at)}, {"problems", problems}};
}

Json trace_of(const trace::Store* store) {
  if (store == nullptr) return nullptr;
  constexpr std::size_t longest = 500;
  const trace::Condition condition = store->condition();
  Json trace{{"writable", condition.outage.empty()}};
  if (!condition.outage.empty()) {
    trace["since"] = time_of(condition.since);
    trace["reason"] = condition.outage.substr(0, longest);
  }
  trace["waiting"] = store->waiting();
  trace["files_lost"] = {{"times", condition.losses}, {"last", time_of(condition.last_loss)}};
  return trace;
}

}  // namespace

std::string health_document(const Process& process, const Services& services) {
  const Generation running = services.policies.current();
  const Activity& activity = *services.activity;
  const Activity::Load load = activity.load();
  const Activity::Mta mta = activity.mta();
  Json document;
  document["version"] = version;
  document["pid"] = process.pid;
  document["started"] = time_of(process.started);
  document["configuration"] = {{"file", process.configuration},
                               {"generation", running.number},
                               {"loaded", time_of(load.loaded)},
                               {"sha256", running.policy->configuration().sources.sha256},
                               {"inbound_connectors", running.policy->configuration().inbound.size()},
                               {"outbound_connectors", running.policy->configuration().outbound.size()},
                               {"last_change", base::text_or_null(services.history->last_change().substr(0, max_text))},
                               {"waits_for_restart", services.history->waiting()}};
  document["reload"] = reload_of(load);
  document["listeners"] = {{"milter", listener(process.server.milter)},
                           {"policy", listener(process.server.policy)},
                           {"socketmap", listener(process.server.socketmap)},
                           {"api", listener(process.server.api)}};
  document["mta"] = {{"version", base::text_or_null(mta.version)}, {"host", base::text_or_null(mta.host)}};
  document["milter"] = counted("sessions", activity.milter_sessions);
  document["policy"] = counted("requests", activity.policy_requests);
  document["socketmap"] = counted("lookups", activity.socketmap_lookups);
  document["trace"] = trace_of(services.trace);
  if (process.fleet) document["fleet"] = process.fleet();
  // A file's name and what a mail server calls itself may be any bytes.
  return base::escape_display_controls(base::json_text(document, 2)) + "\n";
}

std::string health_socket_name(const std::string& configuration) {
  return "connectord-health-" + base::sha256_hex(resolved_path(configuration));
}

std::string resolved_path(const std::string& path) {
  std::error_code error;
  const auto resolved = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  return error ? path : resolved.string();
}

}  // namespace connectord::runtime
