#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/auth/dkim.h"
#include "connectord/model/authentication.h"

namespace connectord::auth {

using model::ArcOutcome;
using model::ArcResult;
using model::ArcSet;

// The three fields of an instance, as indexes of headers.
struct ArcFieldsOfSet {
  std::optional<std::size_t> results;
  std::optional<std::size_t> message_signature;
  std::optional<std::size_t> seal;
};

// Validates the ARC chain of one message (RFC 8617, 5.2) while the message streams through, as DkimVerifier does with
// signatures: same order of calls, same limits, same thread-safety. A chain says who handled a message and what they
// saw; that it passes does not make any of them trustworthy.
class ArcVerifier {
 public:
  ArcVerifier(const DkimLimits& limits, std::int64_t unix_time);

  void header(std::string_view name, std::string_view value) { headers_.add(name, value); }
  void end_of_headers();
  void body(std::string_view chunk);
  // After the end of the headers: the keys that the chain needs, each once.
  std::vector<dns::Question> key_questions() const;
  // After the body; std::nullopt while answers are missing.
  std::optional<ArcOutcome> finish(dns::DnsAnswers& dns_answers);

 private:
  // What must be verified with a key: a seal, or the last message signature.
  struct Signed {
    std::string what;
    DkimSignatureTags tags;
    Sha256Digest digest{};
  };
  std::optional<std::string> read_chain();
  std::optional<std::string> read_message_signature();
  std::optional<std::string> read_seal(unsigned instance, Sha256& sealed);
  Sha256Digest message_digest(const DkimSignatureTags& tags, std::size_t own) const;
  void fail(std::string problem);
  std::optional<ArcOutcome> check(const Signed& item, const dns::Answer& answer, DkimEffort& effort) const;

  DkimLimits limits_;
  DkimClock clock_;
  DkimHeaders headers_;
  std::vector<ArcFieldsOfSet> fields_;  // instance 1 first
  std::vector<Signed> signed_;          // the last message signature, then the seals
  std::optional<DkimBodyHash> body_;
  std::size_t body_limit_ = 0;
  bool body_ended_ = false;
  ArcOutcome outcome_;
};

}  // namespace connectord::auth
