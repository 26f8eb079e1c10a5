#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/auth/dmarc_walk.h"
#include "connectord/dns/dns_answers.h"
#include "connectord/mail/author.h"
#include "connectord/model/authentication.h"

// Domain-based Message Authentication, Reporting, and Conformance (RFC 9989): the result, not what is done about it.
// Pure functions; thread-safe as long as each call has a DnsAnswers of its own.
namespace connectord::auth {

// A domain that SPF or DKIM looked at (RFC 9989, 4.4).
struct DmarcIdentifier {
  enum class Source : std::uint8_t { spf, dkim };
  enum class State : std::uint8_t { authenticated, unknown };  // unknown: SPF or DKIM had a temperror

  Source source = Source::spf;
  State state = State::authenticated;
  std::string domain;  // normalized
  friend bool operator==(const DmarcIdentifier&, const DmarcIdentifier&) = default;
};

struct DmarcQuery {
  tl::expected<mail::Author, std::string> author;  // as mail::parse_author and mail::complete_author give it
  std::vector<DmarcIdentifier> identifiers;
};

// More identifiers are not looked at; each different one may cost a tree walk.
constexpr std::size_t max_dmarc_identifiers = 32;

// The identifiers that SPF and DKIM give: those that passed, and those with a temporary error. `spf` is the outcome for
// the MAIL FROM identity, which for the null sender is postmaster@ the HELO name (4.4.2 and RFC 7208, 2.4); an outcome
// for the HELO identity counts for nothing. A signature that leaves a part of the body unsigned counts only where
// `trust_body_length` says so.
std::vector<DmarcIdentifier> dmarc_identifiers(const std::optional<model::SpfOutcome>& spf,
                                               const std::vector<model::DkimSignature>& signatures,
                                               bool trust_body_length = false);

// Notes the questions of the tree walk of a domain that check_dmarc may need, so that they go out before SPF and DKIM
// are done: for the author domain, the MAIL FROM domain, the signing domains. `domain` must be normalized.
void prefetch_dmarc(std::string_view domain, dns::DnsAnswers& dns_answers);

// The check of one message. What was read of DNS stays between runs, so that no record is read twice however many
// rounds DNS takes. Not thread-safe, but may move from thread to thread.
class DmarcCheck {
 public:
  explicit DmarcCheck(DmarcQuery query);

  // As check_dmarc(); the answers must be the same one each time.
  std::optional<model::DmarcOutcome> run(dns::DnsAnswers& dns_answers);
  // Names whose records were read so far, for tests that count them.
  std::size_t names_read() const { return records_.size(); }

 private:
  DmarcQuery query_;
  DmarcRecords records_;
};

// std::nullopt while answers are missing, which are then noted in `dns_answers`. The results:
//   none       no DMARC record applies, or only one that is not usable (`problem` says what is wrong with it); or the
//              author domain is not certain, and none that may be it has a record (`from_domain` is empty)
//   pass       an authenticated identifier is aligned with the author domain
//   fail       none is
//   temperror  DNS did not answer what decides, or an aligned identifier is not known to be authenticated or not; or
//              the author domain is not certain, and DNS does not answer whether one that may be it has a record
//   permerror  the author domain is not certain (5.3.1, 11.5), and one that may be it has a record, or not all that may
//              be it can be looked at; `problem` says why
// Where there is a record, `policy` is what it asks for this message should it fail.
std::optional<model::DmarcOutcome> check_dmarc(const DmarcQuery& query, dns::DnsAnswers& dns_answers);

}  // namespace connectord::auth
