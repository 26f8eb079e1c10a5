#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/auth/dkim_canonical.h"
#include "connectord/auth/dkim_headers.h"
#include "connectord/auth/dkim_key.h"
#include "connectord/auth/dkim_signature.h"
#include "connectord/dns/dns_answers.h"
#include "connectord/model/authentication.h"

namespace connectord::auth {

// What one message may cost.
struct DkimLimits {
  std::size_t max_signatures = 10;        // tried, from the top of the message
  std::size_t max_header_bytes = 262144;  // kept of all headers together
  std::int64_t clock_leeway = 300;        // seconds that t= may lie ahead of our clock
  DkimKeySizes key_sizes;
  // Of all signatures together, and of an ARC chain. In honest mail a key costs two units, or five with RSA-4096.
  unsigned max_effort = 100;
  unsigned max_chain_effort = 150;
};

// Verifies the DKIM signatures of one message (RFC 6376, with RFC 8301, 8463 and 8616), each with a result of its own,
// while the message streams through. The body is hashed as it comes, once for each canonicalization, and not kept; the
// headers are kept up to a bound, and until their end. Nothing waits: `key_questions` can be asked while the body is
// still coming. The clock it is given is the only one that it knows.
// Not thread-safe, but may move from thread to thread. Throws std::bad_alloc only.
class DkimVerifier {
 public:
  DkimVerifier(const DkimLimits& limits, std::int64_t unix_time);

  // In the order of the message. `value` is what stands behind the colon, with its leading space (milter's
  // SMFIP_HDR_LEADSPC), folded with CRLF or LF.
  void header(std::string_view name, std::string_view value);
  void end_of_headers();
  // With CRLF line ends, in pieces of any size.
  void body(std::string_view chunk);

  // After the end of the headers: the keys that the signatures need, each once.
  std::vector<dns::Question> key_questions() const;

  // After the body: one result for each signature, in the order of the message; signatures beyond the limit share one
  // `policy` at the end. Empty for a message without signatures. std::nullopt while answers are missing: call again
  // when they are there.
  std::optional<std::vector<model::DkimSignature>> finish(dns::DnsAnswers& dns_answers);

 private:
  struct Signature {
    std::size_t field = 0;  // among the headers
    ParsedDkimSignature parsed;
    Sha256Digest header_digest{};
    std::size_t body = 0;  // which of the body hashes, and which of its limits
    std::size_t limit = 0;
  };

  void add_signature(std::size_t field);
  void plan_body_hash(Signature& signature);
  void end_body();
  model::DkimSignature judge(const Signature& signature, const dns::Answer* answer, DkimEffort& effort) const;
  std::optional<DkimProblem> check_body(const Signature& signature) const;
  std::optional<DkimProblem> check_key(const Signature& signature, const dns::Answer& answer, DkimEffort& effort,
                                       model::DkimSignature& report) const;
  Sha256Digest header_digest(const Signature& signature) const;

  DkimLimits limits_;
  DkimClock clock_;
  DkimHeaders headers_;
  std::vector<Signature> signatures_;
  std::size_t untried_ = 0;
  std::vector<DkimBodyHash> bodies_;
  bool body_ended_ = false;
};

}  // namespace connectord::auth
