#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/auth/dkim_canonical.h"
#include "connectord/auth/dkim_headers.h"
#include "connectord/auth/dkim_tags.h"
#include "connectord/model/authentication.h"

namespace connectord::auth {

enum class DkimAlgorithm : std::uint8_t { rsa_sha256, ed25519_sha256 };

// Why a signature or its key cannot pass, in the words of RFC 8601, 2.7.1, and in words for a person.
struct DkimProblem {
  model::DkimResult result = model::DkimResult::permerror;
  std::string text;
};

// RFC 6376, 6.1.1: a signature with a tag missing, or one that cannot be read, is a permanent failure.
inline DkimProblem dkim_failure(std::string text, model::DkimResult result = model::DkimResult::permerror) {
  return {result, std::move(text)};
}

constexpr std::size_t ed25519_key_size = 32;  // bytes, of a public and of a private key (RFC 8463)

// What a DKIM-Signature says (RFC 6376, 3.5), checked as far as that goes without its key and without the message.
struct DkimSignatureTags {
  DkimAlgorithm algorithm = DkimAlgorithm::rsa_sha256;
  DkimCanonicalization header_canonicalization = DkimCanonicalization::simple;
  DkimCanonicalization body_canonicalization = DkimCanonicalization::simple;
  std::optional<std::uint64_t> body_length;  // l=
  std::vector<std::string> header_names;     // h=, in lower case; From is among them
  std::string domain;                        // d=, normalized
  std::string selector;                      // s=, normalized
  std::string identity_domain;               // of i=, normalized: the domain or below it
  std::string body_hash;                     // bh=, 32 bytes
  std::string signature;                     // b=, bytes
  std::size_t signature_begin = 0;           // where b='s value stands in the field's
  std::size_t signature_end = 0;
};

// The fields that are made of the same tags: ARC's (RFC 8617, 4.1.2 and 4.1.3) have an instance instead of a version
// and an identity, and a seal has neither headers nor body.
enum class DkimField : std::uint8_t { dkim_signature, arc_message_signature, arc_seal };

struct DkimClock {
  std::int64_t now = 0;     // unix time
  std::int64_t leeway = 0;  // seconds that a signer's clock may be ahead
};

// On failure the first thing that is wrong.
tl::expected<DkimSignatureTags, DkimProblem> read_dkim_tags(const DkimTags& list, DkimField field,
                                                            const DkimClock& clock);

// One DKIM-Signature: what to report of it and, if nothing is wrong so far, its tags. The report's result is `none`
// exactly if there are tags.
struct ParsedDkimSignature {
  model::DkimSignature report;
  std::optional<DkimSignatureTags> tags;
};

ParsedDkimSignature parse_dkim_signature(std::string_view value, const DkimClock& clock);

// A signature's own field as it is signed: with the value of b= taken out, and without CRLF at the end (RFC 6376, 3.7).
void append_canonical_signature(std::string& out, DkimCanonicalization canonicalization, std::string_view name,
                                std::string_view value, std::size_t signature_begin, std::size_t signature_end);

// All that a signature signs of the headers: those that it covers, then its own, which is the field `own` of them.
void append_canonical_headers(std::string& out, const DkimHeaders& headers, const DkimSignatureTags& tags,
                              std::size_t own);

}  // namespace connectord::auth
