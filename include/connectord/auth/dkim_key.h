#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/auth/dkim_canonical.h"
#include "connectord/auth/dkim_signature.h"
#include "connectord/dns/answer.h"

namespace connectord::auth {

// Sizes of RSA keys that are used at all, in bits. RFC 8301, 3.2: 1024 at least, verifiers must know up to 4096 and
// may know more. What an attacker may choose, he must not be able to make expensive.
struct DkimKeySizes {
  unsigned smallest = 1024;
  unsigned largest = 8192;
};

// What the keys of one message may cost to read and to use. A unit is what it costs to read a key, and about what a
// signature of RSA-2048 with the exponent 65537 costs to verify.
class DkimEffort {
 public:
  explicit DkimEffort(unsigned units) : left_(units) {}

  // False where there is less left; then nothing is.
  bool spend(unsigned units) {
    const bool enough = units <= left_;
    left_ = enough ? left_ - units : 0;
    return enough;
  }

 private:
  unsigned left_;
};

inline constexpr std::string_view too_much_dkim_effort = "the message's keys cost more than is spent on one message";

// A public key from DNS. Immutable; copies share the key. Thread-safe to use.
class DkimKey {
 public:
  // RFC 6376, 3.6.1 and 6.1.2: a record for a signature with this algorithm. On failure the result that the signature
  // gets: permerror for a record that is broken, revoked or for another algorithm, policy for a key of a bad size.
  static tl::expected<DkimKey, DkimProblem> parse(std::string_view record, DkimAlgorithm algorithm,
                                                  const DkimKeySizes& sizes);

  unsigned bits() const { return bits_; }
  bool testing() const { return testing_; }                        // t=y
  bool forbids_subdomains() const { return forbids_subdomains_; }  // t=s
  // What `verify` costs.
  unsigned effort() const { return effort_; }
  // True if the signature over this digest is the key's.
  bool verify(const Sha256Digest& digest, std::string_view signature) const;

 private:
  DkimKey() = default;

  DkimAlgorithm algorithm_ = DkimAlgorithm::rsa_sha256;
  std::shared_ptr<EVP_PKEY> key_;
  unsigned bits_ = 0;
  unsigned effort_ = 0;
  bool testing_ = false;
  bool forbids_subdomains_ = false;
};

dns::Question dkim_key_question(const DkimSignatureTags& tags);

// The keys that an answer to that question holds. RFC 6376, 3.6.2.2 leaves open what several records mean. Here
// records of other kinds (a wildcard's SPF record) do not count, and each that is left is a key that may have signed,
// so that neither the order of the records nor the exchange of a key matters; more than three are refused.
// On failure the result that the signature gets: temperror if it is not known now, policy where no effort is left.
tl::expected<std::vector<DkimKey>, DkimProblem> dkim_keys(const dns::Answer& answer, DkimAlgorithm algorithm,
                                                          const DkimKeySizes& sizes, DkimEffort& effort);

}  // namespace connectord::auth
