#pragma once

#include <openssl/evp.h>

#include <memory>

#include "connectord/base/openssl.h"

// Owners of OpenSSL's objects.
namespace connectord::auth {

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, base::Free<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, base::Free<EVP_MD_CTX_free>>;

inline std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) {
  return {key, [](EVP_PKEY* k) { EVP_PKEY_free(k); }};
}

}  // namespace connectord::auth
