#include "connectord/tls/private_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "connectord/base/digest.h"
#include "handles.h"

namespace connectord::tls {
namespace {

using KeyHandle = std::unique_ptr<EVP_PKEY, base::Free<EVP_PKEY_free>>;

// OpenSSL would ask a person at the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

}  // namespace

tl::expected<std::string, std::string> public_key_sha256_of(std::string_view private_key) {
  const BioHandle bio = reading(private_key);
  const KeyHandle key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  unsigned char* bytes = nullptr;
  const int size = key ? i2d_PUBKEY(key.get(), &bytes) : 0;
  ERR_clear_error();
  if (size <= 0) return tl::unexpected(std::string("there is no private key without a passphrase in PEM"));
  std::string digest = base::sha256_hex({reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size)});
  OPENSSL_free(bytes);
  return digest;
}

}  // namespace connectord::tls
