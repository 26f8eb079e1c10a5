#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectord/dns/knowledge.h"
#include "connectord/model/authentication.h"
#include "connectord/net/ip_address.h"

// Sender Policy Framework (RFC 7208). Pure functions; thread-safe as long as each call has a Knowledge of its own.
namespace connectord::auth {

// Whose right to send is asked.
struct SpfQuery {
  net::IpAddress client;       // the client, or the original client behind a gateway
  std::string helo;            // as the client said it
  std::string mail_from;       // local@domain without angle brackets, or empty; then it is postmaster@helo (2.4)
  std::string receiver;        // our name, for %{r}
  std::int64_t unix_time = 0;  // seconds, for %{t}
  model::SpfOutcome::Identity identity = model::SpfOutcome::Identity::mail_from;
};

// check_host() of section 4, all of it. std::nullopt while answers are missing, which are then noted in `knowledge`.
// Bounded by 4.6.4: ten terms that ask DNS, ten names for one "mx" or "ptr", two lookups that find nothing.
// The outcome's `mechanism` is the term that decided, of the domain's own record or of the one that it redirects to,
// and "default" where none did.
std::optional<model::SpfOutcome> check_spf(const SpfQuery& query, dns::Knowledge& knowledge);

// The same question answered by libspf2, whose errors it shares: it does not find all syntax errors, and its limits are
// looser. `problem` is the library's own text; no explanation.
std::optional<model::SpfOutcome> check_spf_with_libspf2(const SpfQuery& query, dns::Knowledge& knowledge);

// The value of a Received-SPF header (9.1), its lines folded with "\n\t" as libmilter wants it. What comes from outside
// can neither end the header nor a comment or a quoted string.
std::string received_spf(const SpfQuery& query, const model::SpfOutcome& outcome);

}  // namespace connectord::auth
