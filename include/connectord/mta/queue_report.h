#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/mta/queue.h"
#include "connectord/trace/search.h"

namespace connectord::mta {

// What waits for one next hop. Times are seconds since 1970.
struct QueueLine {
  std::string connector;  // outbound; empty for the mail server's own way
  std::string next_hop;   // its smart hosts, "[mx1.contoso.com]:25, [mx2.contoso.com]:25"; else the recipients' domain
  std::size_t messages = 0;
  std::size_t recipients = 0;
  std::size_t held = 0;                        // of these messages
  std::size_t tried = 0;                       // recipients that were tried in vain
  std::uint64_t bytes = 0;                     // a message for several next hops counts in each
  std::int64_t oldest = 0;                     // when its first one came in
  std::string last_error;                      // of the message that came in last among those that were tried
  std::optional<std::int64_t> next_try{};      // of any message
  std::optional<std::int64_t> first_bounce{};  // when the mail server gives the first of them back to its sender
  std::string example;                         // the queue ID of the oldest
};

struct QueueReport {
  std::vector<QueueLine> lines;  // those of connectors first, then the most recipients first
  std::size_t messages = 0;
  std::size_t left_out = 0;  // messages that were not looked at, since there are too many
  QueueTimes times;
};

// The outbound connector of that message, where somebody knows (the message trace); else empty.
using ConnectorOf = std::function<std::string(const QueuedMessage& message)>;

// By connector and next hop. Who has no word of `connector_of` goes as the recipient's domain says. At most
// max_queue_lines lines; what is beyond is put together in a last one with the next hop "others". Pure.
QueueReport report_queue(const Queue& queue, const engine::Policy& policy, const ConnectorOf& connector_of = {});
inline constexpr std::size_t max_queue_lines = 500;

// Reads the queue of the mail server that asks connectord, by `health` (a health document, or null), and puts it
// together. `archive` (nullptr: none) has the connectors of messages that went by the inbound one. Runs the mail
// server's programs; not thread-safe where the archive is not. On failure says why, and what to do.
tl::expected<QueueReport, std::string> look_at_queue(const MailServerPlaces& places,
                                                     const nlohmann::ordered_json& health, const engine::Policy& policy,
                                                     trace::Archive* archive);

nlohmann::ordered_json to_json(const QueueReport& report);

}  // namespace connectord::mta
