#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/delivery/decide.h"
#include "connectord/delivery/told.h"
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
//
// A TLS policy is the one of the connector alone, whatever its next hop publishes.
Answer look_up(const runtime::Generation& generation, std::string_view map, std::string_view key);

// What must be known about a next hop for a TLS policy; std::nullopt where look_up() has the whole answer.
std::optional<delivery::Question> question_about_tls(const runtime::Generation& generation, std::string_view map,
                                                     std::string_view key);
// The TLS policy, when that is known.
Answer answer_about_tls(const runtime::Generation& generation, std::string_view map, std::string_view key,
                        const delivery::Advice& advice);

// On whose word an answer of a TLS policy's map is; std::nullopt for other maps, and where there is no answer yet.
// `advice` is empty where look_up() had it.
std::optional<delivery::ToldBy> told_by(std::string_view map, const Answer& answer,
                                        const std::optional<delivery::Advice>& advice);

}  // namespace connectord::socketmap
