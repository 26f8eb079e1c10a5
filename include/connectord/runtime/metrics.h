#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "connectord/dns/resolver.h"
#include "connectord/metrics/metrics.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/trace/store.h"

namespace connectord::runtime {

// What a process counts about mail from its start on. Thread-safe.
struct Metrics {
  template <class Metric>
  using Family = metrics::Family<Metric>;
  using Counter = metrics::Counter;
  using Gauge = metrics::Gauge;
  using Histogram = metrics::Histogram;

  Family<Counter> messages{"connectord_messages_total",
                           "Messages by the connector they belong to and what became of them.",
                           {"connector", "direction", "action"}};
  Family<Counter> findings{
      "connectord_failed_findings_total", "Findings that failed or could not be known.", {"check", "outcome"}};
  Family<Counter> authentication{
      "connectord_authentication_results_total", "Results of SPF, DKIM, DMARC and ARC.", {"method", "result"}};
  Family<Counter> tls{"connectord_messages_by_tls_total", "Messages by the TLS version they came over.", {"version"}};
  Family<Counter> rules{"connectord_rule_matches_total", "Messages that matched a transport rule.", {"rule", "mode"}};
  Family<Histogram> stages{"connectord_stage_seconds", "How long the stages of a message took.", {"stage"}};
  Family<Histogram> dns{
      "connectord_dns_lookup_seconds", "How long DNS took to answer, the cache included.", {"status"}};
  Family<Counter> requests{"connectord_api_requests_total", "Requests to the API.", {"route", "status"}};
  Family<Gauge> validation_passed{
      "connectord_validation_passed", "1 if the last scheduled validation of the connector passed.", {"connector"}};
  Family<Gauge> validation_time{
      "connectord_validation_time_seconds", "When that was, in seconds since 1970.", {"connector"}};
  Family<Gauge> validation_certificate_expiry{"connectord_validation_certificate_expiry_seconds",
                                              "When the first of the certificates that were seen then ends.",
                                              {"connector"}};
  Family<Gauge> insights{"connectord_insight",
                         "How many insights of that name there are now that nobody has muted.",
                         {"connector", "name"}};
  Family<Gauge> fleet_rows{"connectord_fleet_trace_rows",
                           "Rows of this host's trace that wait for the fleet's database, that were removed before it "
                           "had them, and that it does not take.",
                           {"state"}};
  Family<Gauge> fleet_trace{"connectord_fleet_trace",
                            "Of the fleet's trace: 1 for writable if the last attempt succeeded; lag_seconds since the "
                            "oldest row was kept that waits.",
                            {"what"}};
  Counter failed_loads;
  Counter trace_failures;  // answers whose row could not be kept
};

// One message, or one refusal by the envelope: what gets a line in the log.
void count_decision(Metrics& metrics, const model::Facts& facts, const model::Decision& decision);

// A resolver that counts what `inner` answers.
std::shared_ptr<dns::Resolver> counted(std::shared_ptr<dns::Resolver> inner, std::shared_ptr<Metrics> metrics);

// A store that counts what is appended to `inner`, which must live longer.
std::unique_ptr<trace::Store> counted(trace::Store& inner, std::shared_ptr<Metrics> metrics);

}  // namespace connectord::runtime
