#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/auth/arc.h"
#include "connectord/auth/dkim_signer.h"

namespace connectord::auth {

// The values of the three fields of a set, folded with LF and a tab, without a space in front. They go above all other
// fields, the seal topmost.
struct ArcFields {
  std::string results;            // ARC-Authentication-Results
  std::string message_signature;  // ARC-Message-Signature
  std::string seal;               // ARC-Seal
};

// Adds a set to the ARC chain of one message (RFC 8617, 5.1), relaxed/relaxed, while the body streams through. Signed
// are the usual fields, and DKIM-Signature; never fields of ARC nor Authentication-Results. Not thread-safe, but may
// move from thread to thread. Throws std::bad_alloc only.
class ArcSealer {
 public:
  // After the end of the headers, which are those that the message leaves with, and need not live on. `chain` is what
  // the message's chain was found to be before it was changed: none, pass or fail (what is not known now is not
  // sealed). `identity` must live on; it signs with RSA, since RFC 8617, 4.1.3 knows rsa-sha256 alone. On failure says
  // why it is not sealed: the chain ended before, has 50 sets or cannot be read (5.1.2), or the fields cannot be
  // signed.
  static tl::expected<ArcSealer, std::string> begin(const DkimHeaders& headers, const DkimSigningIdentity& identity,
                                                    ArcResult chain);

  // Which set it will be.
  unsigned instance() const { return instance_; }
  // As it leaves, with CRLF line ends, in pieces of any size.
  void body(std::string_view chunk) { body_.update(chunk); }
  // After the body, once. `results` is what an Authentication-Results field would have for this message: our name and
  // the results behind it (RFC 8601, 2.2), on one line or folded with LF. On failure OpenSSL could not sign.
  tl::expected<ArcFields, std::string> finish(std::string_view results, std::int64_t unix_time);

 private:
  ArcSealer(const DkimSigningIdentity& identity, ArcResult chain, unsigned instance);

  const DkimSigningIdentity* identity_;
  ArcResult chain_;
  unsigned instance_;
  std::vector<std::string> names_;
  Sha256 headers_;  // the fields that the message signature covers
  Sha256 sets_;     // those of the sets before, as the seal covers them
  DkimBodyHash body_;
};

}  // namespace connectord::auth
