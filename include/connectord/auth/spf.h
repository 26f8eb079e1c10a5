#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "connectord/dns/dns_answers.h"
#include "connectord/model/authentication.h"
#include "connectord/net/ip_address.h"

// Sender Policy Framework (RFC 7208). Pure functions; thread-safe as long as each call has a DnsAnswers of its own.
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

// check_host() of section 4, all of it, as far as DNS has answered; while answers are missing it stands where it was,
// and goes on from there when it runs again. So no term is expanded or judged twice, however many rounds DNS takes.
// Bounded by 4.6.4: ten terms that ask DNS, ten names for one "mx" or "ptr", two lookups that find nothing; and by
// `max_spf_record_length` and `max_spf_macros`, beyond which a record is in error.
// Not thread-safe, but may move from thread to thread.
class SpfCheck {
 public:
  explicit SpfCheck(SpfQuery query);
  ~SpfCheck();
  SpfCheck(SpfCheck&&) noexcept;
  SpfCheck& operator=(SpfCheck&&) noexcept;

  // std::nullopt while answers are missing, which are then noted in `dns_answers`; it must be the same one each time.
  // The outcome's `mechanism` is the term that decided, of the domain's own record or of the one that it redirects to,
  // and "default" where none did. Not to be called again after an outcome.
  std::optional<model::SpfOutcome> run(dns::DnsAnswers& dns_answers);

  // What was done so far, for tests that count it.
  struct Work {
    std::size_t records = 0;     // read
    std::size_t terms = 0;       // judged
    std::size_t expansions = 0;  // of texts with macros
  };
  const Work& work() const;

 private:
  class Evaluation;
  std::unique_ptr<Evaluation> evaluation_;
};

// The same at once, from the beginning.
std::optional<model::SpfOutcome> check_spf(const SpfQuery& query, dns::DnsAnswers& dns_answers);

// The same question answered by libspf2, whose errors it shares: it does not find all syntax errors, and its limits are
// looser. `problem` is the library's own text; no explanation.
std::optional<model::SpfOutcome> check_spf_with_libspf2(const SpfQuery& query, dns::DnsAnswers& dns_answers);

// The value of a Received-SPF header (9.1), its lines folded with "\n\t" as libmilter wants it. What comes from outside
// can neither end the header nor a comment or a quoted string.
std::string received_spf(const SpfQuery& query, const model::SpfOutcome& outcome);

}  // namespace connectord::auth
