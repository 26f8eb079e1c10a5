#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/auth/dkim_canonical.h"
#include "connectord/auth/dkim_headers.h"
#include "connectord/auth/dkim_private_key.h"

namespace connectord::auth {

// What one signature is made with.
struct DkimSigningIdentity {
  std::string domain;                // d=
  std::string selector;              // s=
  std::vector<std::string> headers;  // the fields to sign, From among them; empty for the usual ones
  DkimPrivateKey key;
};

// The fields that are signed unless a list is given: those of RFC 6376, 5.4.1.
const std::vector<std::string>& usual_signed_headers();

// The names of h= for these header fields, in this order. A field that is there is named as often as it is there, and
// once more, so that none can be added (8.15); From, To, Cc, Subject and Reply-To also where there is none. Named no
// more than they are there: Resent- and List- fields, which those who pass a message on add. A field that is missing
// and that a mail server may add (Date, Message-ID) is not named. On failure says why the fields cannot be signed: they
// are too many, or longer than is kept.
tl::expected<std::vector<std::string>, std::string> signed_header_names(const DkimHeaders& headers,
                                                                        const std::vector<std::string>& wanted);

// Makes the DKIM signatures of one message (RFC 6376, 8463), relaxed/relaxed, while the body streams through: it is
// hashed once for all of them and not kept. Not thread-safe, but may move from thread to thread. Throws std::bad_alloc
// only.
class DkimSigner {
 public:
  // After the end of the headers, which need not live on. The identities must.
  static tl::expected<DkimSigner, std::string> begin(const DkimHeaders& headers,
                                                     const std::vector<const DkimSigningIdentity*>& identities);

  // The header has been changed: what is signed are these fields. On failure says why they cannot be signed.
  tl::expected<void, std::string> restart_headers(const DkimHeaders& headers);
  // The body has been changed: what is signed is what body() is given from now on.
  void restart_body();

  // With CRLF line ends, in pieces of any size.
  void body(std::string_view chunk) { body_.update(chunk); }
  // After the body, once: a value of DKIM-Signature for each identity, folded with LF and a tab, without a space in
  // front. On failure says whose signature could not be made.
  tl::expected<std::vector<std::string>, std::string> finish(std::int64_t unix_time);

 private:
  struct Signature {
    const DkimSigningIdentity* identity;
    std::vector<std::string> names;
    Sha256 headers;
  };

  DkimSigner();
  static tl::expected<Signature, std::string> begin_one(const DkimHeaders& headers,
                                                        const DkimSigningIdentity& identity);

  std::vector<Signature> signatures_;
  DkimBodyHash body_;
};

}  // namespace connectord::auth
