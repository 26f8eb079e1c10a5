#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace connectord::trace {

// The columns of the table `message`, in the order in which statements that write or read whole rows name them.
enum class MessageColumn : std::uint8_t {
  id,
  time,
  connected,
  began,
  stage,
  direction,
  action,
  queue_id,
  message_id,
  client,
  original_client,
  helo,
  tls,
  cipher,
  mail_from,
  rcpt_to,
  header_from,
  subject,
  size,
  connector,
  outbound_connector,
  reply,
  recipients,
  certificate,
  details,
  findings,
  rules,
};

inline constexpr auto message_columns = std::to_array<std::string_view>(
    {"id",        "time",       "connected",   "began",           "stage",    "direction", "action",
     "queue_id",  "message_id", "client",      "original_client", "helo",     "tls",       "cipher",
     "mail_from", "rcpt_to",    "header_from", "subject",         "size",     "connector", "outbound_connector",
     "reply",     "recipients", "certificate", "details",         "findings", "rules"});
static_assert(message_columns.size() == static_cast<std::size_t>(MessageColumn::rules) + 1);

}  // namespace connectord::trace
