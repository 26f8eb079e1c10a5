#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/runtime/policy_store.h"

// The maps that a mail server can ask, each a question of its own about the outbound connectors. Thread-safe.
namespace connectord::socketmap {

struct Answer {
  enum class Status : std::uint8_t { ok, not_found, temporary, permanent };

  Status status = Status::not_found;
  std::string text;  // the value, or the reason of a failure
};

// As socketmap_table(5) has it: "OK VALUE", "NOTFOUND ", "TEMP REASON", "PERM REASON".
std::string to_string(const Answer& answer);

// What the map says of the key.
//
//   transport      a recipient in Postfix's internal form -> transport(5)
//   tls-policy     a next hop as a route has it -> smtp_tls_policy_maps
//   header         a whole header line -> FILTER, for milter_header_checks
//   sasl-password  a next hop as a route has it -> user:password
//   mailertable    a recipient's domain -> Sendmail's mailertable
//   sendmail_tls   a recipient, or its domain -> a requirement for Sendmail's ruleset TLS_connection
//
// Sendmail asks for a map by the name that it has in sendmail.cf, where "-" ends a name.
// A key of another form is not found: Postfix and Sendmail ask all their tables for parts of an address too.
Answer look_up(const runtime::Generation& generation, std::string_view map, std::string_view key);

}  // namespace connectord::socketmap
