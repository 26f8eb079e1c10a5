// Health, metrics, and the description of the API.
#include "connectord/base/json.h"
#include "connectord/version.h"
#include "context.h"

namespace connectord::api {
namespace {

constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

void add_configuration(metrics::Exposition& text, const runtime::Services& services) {
  const runtime::Generation running = services.policies.current();
  const model::Configuration& configuration = running.policy->configuration();
  const runtime::Activity::Load load = services.activity->load();
  text.gauge("connectord_configuration_generation", "The running configuration, counted from the start.",
             static_cast<double>(running.number));
  text.gauge("connectord_configuration_loaded_seconds", "When it was loaded, in seconds since 1970.",
             static_cast<double>(load.loaded));
  text.gauge("connectord_configuration_last_reload_successful", "0 if the last order to reload failed.",
             load.failed ? 0 : 1);
  text.counter("connectord_configuration_failed_loads_total", "Orders to reload that failed.",
               services.metrics->failed_loads.value());
  text.gauge("connectord_connectors", "Connectors in the running configuration, disabled ones too.",
             static_cast<double>(configuration.inbound.size()), {{"direction", "inbound"}});
  text.gauge_value("connectord_connectors", static_cast<double>(configuration.outbound.size()),
                   {{"direction", "outbound"}});
}

void add_activity(metrics::Exposition& text, const Api::Setup& setup) {
  const runtime::Activity& activity = *setup.services.activity;
  text.counter("connectord_milter_sessions_total", "Connections of the mail server to the milter.",
               activity.milter_sessions.total());
  text.counter("connectord_policy_requests_total", "Requests to the policy service.", activity.policy_requests.total());
  text.counter("connectord_socketmap_lookups_total", "Lookups in the socketmap.", activity.socketmap_lookups.total());
  text.gauge("connectord_sessions", "SMTP connections that are open now.",
             static_cast<double>(setup.services.live.size()));
  text.gauge("connectord_messages_under_way", "Messages between MAIL and their end now.",
             static_cast<double>(setup.intake.messages()));
}

void add_trace(metrics::Exposition& text, const runtime::Services& services) {
  if (services.trace == nullptr) return;
  text.gauge("connectord_trace_waiting", "Entries of the message trace that are kept and have no rows yet.",
             static_cast<double>(services.trace->waiting()));
  text.counter("connectord_trace_failures_total", "Answers whose row could not be written.",
               services.metrics->trace_failures.value());
}

void add_fleet(metrics::Exposition& text, const runtime::Process& process) {
  if (!process.fleet) return;
  const Json fleet = process.fleet();
  text.gauge("connectord_fleet_connected", "1 while there is a connection to the fleet's database.",
             fleet.value("connected", false) ? 1 : 0);
  text.gauge("connectord_fleet_generation", "The fleet's generation that runs on this host.",
             static_cast<double>(fleet.value("generation", std::int64_t{0})));
  if (fleet["wanted"].is_number()) {
    text.gauge("connectord_fleet_generation_wanted", "The fleet's generation that counts for this host.",
               static_cast<double>(fleet.value("wanted", std::int64_t{0})));
  }
  text.gauge("connectord_fleet_generation_fails", "1 while the fleet's generation does not load on this host.",
             fleet["generation_error"].is_null() ? 0 : 1);
}

}  // namespace

Response get_metrics(Context& context, const Call& /*call*/) {
  const Api::Setup& setup = context.setup;
  const runtime::Metrics& metrics = *setup.services.metrics;
  if (setup.insights.measure) setup.insights.measure();
  metrics::Exposition text;
  text.gauge("connectord_build_info", "The version that runs.", 1, {{"version", version}});
  text.gauge("connectord_start_time_seconds", "When the process started, in seconds since 1970.",
             static_cast<double>(setup.process.started));
  add_configuration(text, setup.services);
  add_activity(text, setup);
  add_trace(text, setup.services);
  add_fleet(text, setup.process);
  for (const auto* family : {&metrics.messages, &metrics.findings, &metrics.rules, &metrics.authentication,
                             &metrics.tls, &metrics.requests}) {
    text.family(*family);
  }
  for (const auto* family : {&metrics.stages, &metrics.dns}) text.family(*family);
  for (const auto* family :
       {&metrics.validation_passed, &metrics.validation_time, &metrics.validation_certificate_expiry, &metrics.insights,
        &metrics.fleet_rows, &metrics.fleet_trace}) {
    text.family(*family);
  }
  return {200, std::string(exposition_type), text.text(), {}};
}

// Whether it lives is for everybody, so that a load balancer needs no secret; the rest is for readers.
Response get_health(Context& context, const Call& call) {
  const trace::Store* trace = context.setup.services.trace;
  const bool failed =
      context.setup.services.activity->load().failed || (trace != nullptr && !trace->condition().outage.empty());
  Json health{{"status", failed ? "degraded" : "ok"}};
  if (call.caller.role >= Role::read) {
    health.update(base::parse_json(health_document(context.setup.process, context.setup.services)));
  }
  return json_response(health);
}

Response get_description(Context& /*context*/, const Call& /*call*/) {
  return {200, "application/json", std::string(Api::description()), {}};
}

}  // namespace connectord::api
