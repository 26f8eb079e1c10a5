#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectord/base/time.h"
#include "connectord/engine/overlaps.h"
#include "connectord/insights/insight.h"
#include "connectord/model/configuration.h"
#include "connectord/mta/queue_report.h"
#include "connectord/probe/exchangers.h"
#include "connectord/probe/results.h"
#include "connectord/trace/search.h"

namespace connectord::insights {

// A message that was taken and not delivered in the end.
struct Bounce {
  std::int64_t row = 0;
  std::string enhanced;  // RFC 3463
  std::string text;      // what the next hop said
};

// The certificates of a connector's clients: by the digest of each what it is.
using Clients = std::map<std::string, trace::Certificate>;

// What insights are drawn from: values alone, so that they can be made up. Times are seconds since 1970, but those of
// the trace, which are milliseconds.
struct Observations {
  const model::Configuration& configuration;
  std::int64_t now = 0;
  std::vector<trace::Flow> flows{};                 // of four weeks, the oldest first
  std::optional<std::int64_t> began{};              // when the oldest message of the trace was; empty: there is none
  std::vector<trace::Row> newest{};                 // of a day, the newest first
  std::vector<Bounce> bounces{};                    // of a day
  std::map<std::string, Clients> clients{};         // of a day, by inbound connector that asks for a certificate
  std::map<std::string, Clients> former_clients{};  // of four weeks before that
  std::map<std::string, probe::LastResult> validations{};  // by outbound connector
  std::vector<engine::Overlap> overlaps{};                 // of inbound connectors
  probe::Exchangers exchangers{};                          // of our own domains; empty: nobody has looked
  std::optional<mta::QueueReport> queue{};                 // empty: it could not be looked at
  std::map<std::string, std::int64_t> keys{};              // "selector._domainkey.domain": when its file was made
  std::string outage{};                                    // why the trace cannot be written; empty: it can
  std::uint64_t waiting = 0;                               // entries of it that have no rows yet
};

// From where on something is worth a word. Shares are compared as products of counts: no average of averages.
struct Thresholds {
  std::uint64_t silent_hours = 24;     // no shorter silence counts
  std::uint64_t silent_intervals = 5;  // of the usual length between two hours with mail
  std::size_t known_hours = 10;        // with mail, before a connector's habit is known
  std::uint64_t risen = 3;             // times as many as in the week before
  std::uint64_t refused = 20;          // messages a day, and
  std::uint64_t refused_one_in = 10;   // of so many
  std::uint64_t weak_tls = 5;          // messages a week
  std::size_t unsigned_messages = 5;   // a day, of one source
  std::uint64_t codes = 10;            // replies with one code a day
  std::size_t loop = 5;                // times a message was taken for one recipient within an hour
  std::size_t queued = 200;            // messages for one next hop, as in Exchange, and
  std::int64_t queued_for = 3600;      // seconds
  std::int64_t partner_waits = 4 * std::int64_t{3600};
  std::int64_t certificate_ends = 30 * base::day_seconds;
  std::int64_t certificate_ends_soon = 7 * base::day_seconds;
  std::int64_t mx_news = 14 * base::day_seconds;  // how long a change is told
  std::int64_t key_age = 365 * base::day_seconds;
  std::int64_t slow_rule = 1'000'000;  // microseconds
  std::size_t slow_messages = 3;
  std::uint64_t waiting = 5'000;
};

// All that these observations tell, the critical ones first, then by name. Pure.
std::vector<Insight> judge(const Observations& seen, const Thresholds& thresholds = {});

// The names that an insight can have.
const std::vector<std::string>& kinds();

}  // namespace connectord::insights
