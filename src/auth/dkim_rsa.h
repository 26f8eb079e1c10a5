#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace connectord::auth {

// The numbers of an RSA public key, big-endian, without leading zeros; views of what was parsed.
struct RsaNumbers {
  std::string_view modulus;
  std::string_view exponent;

  unsigned modulus_bits() const;
};

// A key as p= holds it: SubjectPublicKeyInfo (RFC 5280, what nearly all write) or RSAPublicKey (RFC 8017, A.1.1, what
// RFC 6376, 3.6.1 says). Strict DER, nothing behind it. std::nullopt for everything else.
// By hand, because OpenSSL's decoders take most of the time of a verification, and because the size of a key must be
// known before anything is computed with it.
std::optional<RsaNumbers> parse_rsa_public_key(std::string_view der);

}  // namespace connectord::auth
