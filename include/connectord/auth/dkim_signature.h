#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/auth/dkim_canonical.h"
#include "connectord/auth/dkim_tags.h"
#include "connectord/model/authentication.h"

namespace connectord::auth {

enum class DkimAlgorithm : std::uint8_t { rsa_sha256, ed25519_sha256 };

// Why a signature or its key cannot pass, in the words of RFC 8601, 2.7.1, and in words for a person.
struct DkimProblem {
  model::DkimResult result = model::DkimResult::permerror;
  std::string text;
};

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

struct DkimClock {
  std::int64_t now = 0;     // unix time
  std::int64_t leeway = 0;  // seconds that a signer's clock may be ahead
};

// One DKIM-Signature: what to report of it and, if nothing is wrong so far, its tags. The report's result is `none`
// exactly if there are tags.
struct ParsedDkimSignature {
  model::DkimSignature report;
  std::optional<DkimSignatureTags> tags;
};

ParsedDkimSignature parse_dkim_signature(std::string_view value, const DkimClock& clock);

// The bytes that were signed (RFC 6376, 3.7), but for the canonical headers before: the signature's own field, with
// the value of b= taken out, without CRLF at the end.
void append_canonical_signature(std::string& out, DkimCanonicalization canonicalization, std::string_view name,
                                std::string_view value, std::size_t signature_begin, std::size_t signature_end);

}  // namespace connectord::auth
