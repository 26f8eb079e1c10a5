#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/dns/dns_answers.h"
#include "connectord/model/authentication.h"

// What a domain's SPF record says as a whole, whoever asks (RFC 7208). Pure; thread-safe as long as each call has a
// DnsAnswers of its own.
namespace connectord::auth {

struct SpfSurvey {
  std::vector<std::string> records;  // of the domain itself; exactly one is right (4.5)
  // What makes the record void for some or all clients: a syntax error here or in what it includes, an included domain
  // without a record, more than ten MX records. Each names the domain.
  std::vector<std::string> errors;
  // Terms that ask DNS, if all are come to: include, a, mx, ptr, exists, redirect. Ten may be (4.6.4).
  std::size_t lookups = 0;
  std::vector<std::string> void_lookups;    // questions of terms that find nothing; two may be (4.6.4)
  std::vector<std::string> unknown;         // questions that DNS has no answer to now
  std::optional<model::SpfResult> all;      // what "all" means for everybody not named; of the redirect's target too
  std::vector<std::string> broad_networks;  // ip4 wider than /16, ip6 wider than /32
  bool uses_ptr = false;                    // which should not be used (5.5)
  bool uses_macros = false;                 // targets that depend on the message, which are not followed
};

// What an evaluation may cost at most (RFC 7208, 4.6.4).
inline constexpr std::size_t max_spf_lookups = 10;
inline constexpr std::size_t max_void_spf_lookups = 2;
inline constexpr std::size_t max_spf_exchangers = 10;  // of a term "mx"

// std::nullopt while answers are missing, which are then noted in `dns_answers`. Follows includes and redirects, at
// most thirty records. `domain` must be normalized.
std::optional<SpfSurvey> survey_spf(std::string_view domain, dns::DnsAnswers& dns_answers);

}  // namespace connectord::auth
