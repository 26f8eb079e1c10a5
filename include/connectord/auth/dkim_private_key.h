#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/auth/dkim_canonical.h"
#include "connectord/auth/dkim_signature.h"

namespace connectord::auth {

// Sizes of the RSA keys that we sign with, in bits. RFC 8301, 3.2: signers should use 2048 at least, and verifiers need
// not know more than 4096.
constexpr unsigned smallest_signing_key = 2048;
constexpr unsigned largest_signing_key = 4096;

// A key that signs, RSA (RFC 6376) or Ed25519 (RFC 8463). Immutable, and thread-safe to use; copies share the key.
class DkimPrivateKey {
 public:
  // From PEM as OpenSSL writes it, PKCS#8 or the older RSA form, without a password. On failure says what was found and
  // what to do, and nothing of the key.
  static tl::expected<DkimPrivateKey, std::string> parse(const std::string& pem);
  // A new one. std::nullopt if OpenSSL cannot make it.
  static std::optional<DkimPrivateKey> make(DkimAlgorithm algorithm, unsigned rsa_bits = smallest_signing_key);

  DkimAlgorithm algorithm() const { return algorithm_; }
  unsigned bits() const;
  // The bytes of b=; std::nullopt if OpenSSL fails.
  std::optional<std::string> sign(const Sha256Digest& digest) const;
  // PKCS#8 in PEM, without a password. A secret.
  std::string to_pem() const;
  // The key record for DNS (RFC 6376, 3.6.1).
  std::string record() const;

 private:
  DkimPrivateKey(std::shared_ptr<EVP_PKEY> key, DkimAlgorithm algorithm)
      : key_(std::move(key)), algorithm_(algorithm) {}

  std::shared_ptr<EVP_PKEY> key_;
  DkimAlgorithm algorithm_;
};

// "rsa-sha256", as in a=.
std::string_view to_string(DkimAlgorithm algorithm);

}  // namespace connectord::auth
