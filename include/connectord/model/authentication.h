#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/words.h"
#include "connectord/net/ip_address.h"

// Results of the authentication protocols, in the words of RFC 8601, 2.7. Plain values.
namespace connectord::model {

// RFC 7208, 2.6. The words are stored: do not change.
enum class SpfResult : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
consteval auto words_of(SpfResult) {
  return std::to_array<Named<SpfResult>>({{SpfResult::none, "none"},
                                          {SpfResult::neutral, "neutral"},
                                          {SpfResult::pass, "pass"},
                                          {SpfResult::fail, "fail"},
                                          {SpfResult::softfail, "softfail"},
                                          {SpfResult::temperror, "temperror"},
                                          {SpfResult::permerror, "permerror"}});
}

struct SpfOutcome {
  enum class Identity : std::uint8_t { mail_from = 0, helo = 1 };  // stored: do not change

  SpfResult result = SpfResult::none;
  Identity identity = Identity::mail_from;
  std::string domain;       // normalized; the domain whose record was asked
  std::string mechanism;    // what matched, as the record has it
  std::string explanation;  // of `exp`, printable ASCII; comes from outside
  std::string problem;      // what was wrong, for temperror and permerror, with the place in the record
};

consteval auto words_of(SpfOutcome::Identity) {
  return std::to_array<Named<SpfOutcome::Identity>>(
      {{SpfOutcome::Identity::mail_from, "mailfrom"}, {SpfOutcome::Identity::helo, "helo"}});
}

// RFC 8601, 2.7.1. The words are stored: do not change.
enum class DkimResult : std::uint8_t { none, pass, fail, policy, neutral, temperror, permerror };
consteval auto words_of(DkimResult) {
  return std::to_array<Named<DkimResult>>({{DkimResult::none, "none"},
                                           {DkimResult::pass, "pass"},
                                           {DkimResult::fail, "fail"},
                                           {DkimResult::policy, "policy"},
                                           {DkimResult::neutral, "neutral"},
                                           {DkimResult::temperror, "temperror"},
                                           {DkimResult::permerror, "permerror"}});
}

// One DKIM-Signature (RFC 6376, 3.5) and what became of it.
struct DkimSignature {
  DkimResult result = DkimResult::none;
  std::string domain;     // d=, normalized
  std::string selector;   // s=
  std::string identity;   // i=
  std::string algorithm;  // a=
  unsigned key_bits = 0;
  bool body_length_limited = false;  // l= leaves a part of the body unsigned
  bool testing = false;              // t=y in the key record
  std::string signature_start;       // header.b (RFC 6008): the first eight characters at least
  std::string problem;               // why it did not pass
};

// The words of both are stored: do not change.
enum class DmarcResult : std::uint8_t { none, pass, fail, temperror, permerror };
enum class DmarcPolicy : std::uint8_t { none, quarantine, reject };
consteval auto words_of(DmarcResult) {
  return std::to_array<Named<DmarcResult>>({{DmarcResult::none, "none"},
                                            {DmarcResult::pass, "pass"},
                                            {DmarcResult::fail, "fail"},
                                            {DmarcResult::temperror, "temperror"},
                                            {DmarcResult::permerror, "permerror"}});
}
consteval auto words_of(DmarcPolicy) {
  return std::to_array<Named<DmarcPolicy>>(
      {{DmarcPolicy::none, "none"}, {DmarcPolicy::quarantine, "quarantine"}, {DmarcPolicy::reject, "reject"}});
}

// RFC 9989.
struct DmarcOutcome {
  DmarcResult result = DmarcResult::none;
  std::string from_domain;                    // the author domain, normalized; empty where it is not certain
  std::string record_domain;                  // whose policy it is
  std::string organizational_domain;          // of the author domain
  DmarcPolicy policy = DmarcPolicy::none;     // what the domain asks for this message, after p, sp, np and t
  DmarcPolicy published = DmarcPolicy::none;  // before t
  bool testing = false;                       // t=y
  bool spf_aligned = false;                   // and passed
  bool dkim_aligned = false;                  // and passed
  std::string record;                         // what the record asks for, in short; see auth::tags_of()
  std::string problem;                        // what was wrong with From, the record or the lookup
};

// temperror: a key cannot be had now. The words are stored: do not change.
enum class ArcResult : std::uint8_t { none, pass, fail, temperror };
consteval auto words_of(ArcResult) {
  return std::to_array<Named<ArcResult>>({{ArcResult::none, "none"},
                                          {ArcResult::pass, "pass"},
                                          {ArcResult::fail, "fail"},
                                          {ArcResult::temperror, "temperror"}});
}

// One set of ARC's three header fields, the work of one host that handled the message (RFC 8617, 4.2).
struct ArcSet {
  unsigned instance = 0;
  std::string domain;                  // of the seal, normalized
  std::string selector;                // of the seal
  std::string authentication_results;  // what that host saw, without its instance; comes from outside
};

struct ArcOutcome {
  ArcResult result = ArcResult::none;
  std::vector<ArcSet> sets;  // from the first host to the last; empty unless the chain passed
  std::string problem;       // why it did not
};

// What the protocols said of one message. Empty: that protocol was not asked, or the message's content is not known.
struct Authentication {
  std::optional<SpfOutcome> spf;
  std::optional<std::vector<DkimSignature>> dkim;
  std::optional<DmarcOutcome> dmarc;
  std::optional<ArcOutcome> arc;
};

std::string_view to_string(ArcResult result);
std::string_view to_string(SpfOutcome::Identity identity);
std::string_view to_string(SpfResult result);
std::string_view to_string(DkimResult result);
std::string_view to_string(DmarcResult result);
std::string_view to_string(DmarcPolicy policy);

}  // namespace connectord::model
