#pragma once

#include <openssl/evp.h>

#include <memory>

// Owners of OpenSSL's objects.
namespace connectord::auth {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

inline std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) {
  return {key, [](EVP_PKEY* k) { EVP_PKEY_free(k); }};
}

}  // namespace connectord::auth
